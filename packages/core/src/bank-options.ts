import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Criterion } from './criterion.ts';
import type { RowMargins } from './margin.ts';
import type { Margin } from './margins.ts';
import type { NegativeMargin } from './negative-margin.ts';
import type { PairSampling } from './pair-mask.ts';
import type { SimilarityMap } from './similarity-map.ts';

/** Rows that are mixed into the bank: row `j` becomes `(1 − shares[j]) · ŵ_j + shares[j] · rows[j]` (VPL). */
export interface BankMixture {
  /** Rows of the bank's shape, of unit length; no gradient. */
  readonly rows: Tensor2D;
  /** `[numClasses]`, in `[0, 1]`; no gradient. */
  readonly shares: Tensor1D;
}

/** What the operation on one shard of a bank knows of the other shards; see `shardLoss`. Labels are then positions in the shard. */
export interface BankShard {
  /** `[batch · centers, size]`: the bank's rows of each sample's own class, whichever shard holds them; null with soft targets. */
  readonly ownRows: Tensor2D | null;
  /**
   * What softmax knows of all shards, for each row; null for BCE, and where these sums are still to be computed. `[2, batch]`: the log-sum-exp
   * of the negatives minus the logit of the own class, and the log-sum-exp of all. With soft targets `[3, batch]`: log-sum-exp, sum of the targets
   * times the logits, sum of the targets.
   */
  readonly totals: Tensor2D | null;
  /** What a kernel has kept of its first pass, with the totals; null without one. */
  readonly workspace: Tensor | null;
  /** Number of classes of all shards that take part. */
  readonly numClasses: number;
}

/** Inputs of a loss over a bank. */
export interface BankInputs {
  /** `[batch, embeddingSize]` float32, raw. */
  readonly embeddings: Tensor2D;
  /** `[batch]` int32, or soft targets `[batch, numClasses]` float32 (rows sum to 1, no margins). */
  readonly labels: Tensor1D | Tensor2D;
  /**
   * `[numClasses, embeddingSize]` float32: class weights, sample memory or empirical prototypes. With K `centers`,
   * `[numClasses · K, embeddingSize]`: row `jK + k` is center k of class j.
   */
  readonly bank: Tensor2D;
  /** `[1]` (unified) or `[numClasses]` (diverse), subtracted from the logits; default: no bias. */
  readonly bias?: Tensor1D | undefined;
  /**
   * `[count]` int32, distinct: the only classes of the bank that take part; default: all. Every label must be among them
   * (see `sampleClasses`). Label smoothing divides by `count`.
   */
  readonly classes?: Tensor1D | undefined;
  /** Margins of the rows, added to those of the options; differentiable. For margins that depend on the quality of a sample. */
  readonly rowMargins?: RowMargins | undefined;
  /**
   * `[count]`, shared by all rows, or `[batch, count]`: similarities to negatives that are no class; differentiable. They get
   * the scale and the bias, but no map and no margin. −1e30 stands for no negative.
   */
  readonly outsideNegatives?: Tensor1D | Tensor2D | undefined;
  /** `[batch]`: factor of the loss of each row, without a gradient; default 1. */
  readonly rowWeights?: Tensor1D | undefined;
  /** `[1]`: t of the map of hard negatives, without a gradient. */
  readonly hardFactor?: Tensor1D | undefined;
  /** Rows to mix into the bank. */
  readonly mixture?: BankMixture | undefined;
  /** For a bank that is one of several shards: `labels` are positions in the bank, −1 for the class of another shard. */
  readonly shard?: BankShard | undefined;
}

/**
 * Options of a loss over a bank. Criterion, margins, map, margin of negatives and sampling of pairs carry their code; the others are
 * plain data.
 */
export interface BankOptions {
  /** `softmaxCriterion`, or `bceCriterion`: binary cross-entropy summed over the classes. */
  readonly criterion: Criterion;
  /** γ or s in the papers: factor of the similarities; default 64 for cosines, 1 for raw products. */
  readonly scale?: number;
  /** Margins on the similarity to the sample's own class, applied in this order. */
  readonly margins?: readonly Margin[];
  /** `'cosine'` (default) normalises embeddings and bank; `'dot'` uses raw products, as in `W·x − b`. */
  readonly similarity?: 'cosine' | 'dot';
  /**
   * Clips cosines to ± this value, in `(0, 1]`, before margins and map, without a gradient outside; default: no clipping.
   * AdaFace: 0.999.
   */
  readonly cosineLimit?: number | undefined;
  /**
   * Map of the similarities; default: none. It comes after the angles of margins, and before cosine margins:
   * `map(cos(θ + angle)) − cosine` for the own class, `map(cos(θ − angle)) + cosine` for others.
   */
  readonly similarityMap?: SimilarityMap | undefined;
  /** Margins on the similarities to the other classes; default: none. */
  readonly negativeMargin?: NegativeMargin | undefined;
  /** K: centers of each class; the one most similar to a sample scores (sub-center ArcFace); default 1. */
  readonly centers?: number;
  /** ε in `[0, 1]`: targets become `(1 − ε) t + ε / numClasses`; default 0. */
  readonly labelSmoothing?: number;
  /** λ: weight of the negative terms of BCE (UniFace eq. 32); default 1. */
  readonly negativeWeight?: number;
  /**
   * Keeps a share of the negative terms, as `pairSampling` returns it; default: all. BCE only. (`sampleClasses` drops whole classes
   * from a batch.)
   */
  readonly pairSampling?: PairSampling | undefined;
  /**
   * Clips BCE logits to ± this value, without a gradient outside; default: no clipping. The papers' code clips at ± scale
   * to guard its exponentials. Here nothing overflows without it.
   */
  readonly logitClip?: number | undefined;
  /**
   * Meaning of a bank row of zeros. `'score'` (default): a class like any other. `'skip'`: an unseen class, which is not a
   * negative of any sample, and whose own samples do not count.
   */
  readonly emptyRows?: 'score' | 'skip';
  /** Whether the bank gets a gradient (class weights do, memories do not); default true. */
  readonly bankGradient?: boolean;
  /** Factor of the loss and its gradients; default 1. */
  readonly weight?: number;
  /** `'mean'` (default): the mean over the rows. `'none'`: the loss of each row. */
  readonly reduction?: 'mean' | 'none';
  /** Classes in a block; default: as many as keep each matrix of a block at 1 MB. */
  readonly blockSize?: number | undefined;
}

/** `BankOptions` with every default filled in: the attributes of a backend kernel. */
export interface ResolvedBankOptions {
  readonly criterion: Criterion;
  readonly scale: number;
  readonly margins: readonly Margin[];
  readonly similarity: 'cosine' | 'dot';
  readonly cosineLimit: number | undefined;
  readonly similarityMap: SimilarityMap | undefined;
  readonly negativeMargin: NegativeMargin | undefined;
  readonly centers: number;
  readonly labelSmoothing: number;
  readonly negativeWeight: number;
  readonly pairSampling: PairSampling | undefined;
  readonly logitClip: number | undefined;
  readonly emptyRows: 'score' | 'skip';
  readonly bankGradient: boolean;
  readonly weight: number;
  readonly reduction: 'mean' | 'none';
  readonly blockSize: number | undefined;
}
