import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { checkCombination } from './bank-combinations.ts';
import { checkChoice, checkNumber } from './errors.ts';
import { checkMargins, type Margin, type RowMargins } from './margins.ts';
import { checkSimilarityMap, type NegativeMargin, type SimilarityMap } from './similarity-map.ts';

/** Rows that are mixed into the bank: row `j` becomes `(1 − shares[j]) · ŵ_j + shares[j] · rows[j]` (VPL). */
export interface BankMixture {
  /** Rows of the bank's shape, of unit length; no gradient. */
  readonly rows: Tensor2D;
  /** `[numClasses]`, in `[0, 1]`; no gradient. */
  readonly shares: Tensor1D;
}

/** Inputs of a loss over a bank. */
export interface BankInputs {
  /** `[batch, embeddingSize]` float32, raw. */
  readonly embeddings: Tensor2D;
  /** `[batch]` int32, or soft targets `[batch, numClasses]` float32 (rows sum to 1, no margins). */
  readonly labels: Tensor1D | Tensor2D;
  /**
   * `[numClasses, embeddingSize]` float32: class weights, sample memory or empirical prototypes. With K `centers`,
   * `[numClasses · K, embeddingSize]`: row `jK + k` is centre k of class j.
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
}

/** Options of a loss over a bank; plain data. */
export interface BankOptions {
  /** Softmax cross-entropy, or binary cross-entropy summed over the classes. */
  readonly criterion: 'softmax' | 'bce';
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
  /** K: centres of each class, of which the most similar one scores (sub-center ArcFace); default 1. */
  readonly centers?: number;
  /** ε in `[0, 1]`: targets become `(1 − ε) t + ε / numClasses`; default 0. */
  readonly labelSmoothing?: number;
  /** λ: weight of the negative terms of BCE (UniFace eq. 32); default 1. */
  readonly negativeWeight?: number;
  /**
   * UniFace eq. 32 as printed: keeps each negative term with probability `rate`, drawn from `seed` for each pair of a row
   * and a class. BCE only. (`sampleClasses` drops whole classes from a batch.)
   */
  readonly pairSampling?: { readonly rate: number; readonly seed: number } | undefined;
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
  readonly criterion: 'softmax' | 'bce';
  readonly scale: number;
  readonly margins: readonly Margin[];
  readonly similarity: 'cosine' | 'dot';
  readonly cosineLimit: number | undefined;
  readonly similarityMap: SimilarityMap | undefined;
  readonly negativeMargin: NegativeMargin | undefined;
  readonly centers: number;
  readonly labelSmoothing: number;
  readonly negativeWeight: number;
  readonly pairSampling: { readonly rate: number; readonly seed: number } | undefined;
  readonly logitClip: number | undefined;
  readonly emptyRows: 'score' | 'skip';
  readonly bankGradient: boolean;
  readonly weight: number;
  readonly reduction: 'mean' | 'none';
  readonly blockSize: number | undefined;
}

/** Every object that `resolveBankOptions` returned. They are frozen, so they need no second check. */
const resolvedOptions = new WeakSet<object>();

/**
 * Returns the options with every default filled in, checked and frozen. Its own results pass unchanged: a loss resolves
 * once in its constructor, and `cosineBankLoss` checks nothing again at each step.
 * @throws ConfigError for an option out of range, or options that exclude each other
 */
export function resolveBankOptions(options: BankOptions): ResolvedBankOptions {
  if (resolvedOptions.has(options)) return options as ResolvedBankOptions;
  const resolved = withDefaults(options);
  checkBankOptions(resolved);
  resolvedOptions.add(resolved);
  return resolved;
}

function withDefaults(options: BankOptions): ResolvedBankOptions {
  const { similarity = 'cosine' } = options;
  return Object.freeze({
    criterion: options.criterion,
    scale: options.scale ?? (similarity === 'cosine' ? 64 : 1),
    margins: Object.freeze(options.margins?.map((margin) => Object.freeze({ ...margin })) ?? []),
    similarity,
    cosineLimit: options.cosineLimit,
    similarityMap: options.similarityMap && Object.freeze({ ...options.similarityMap }),
    negativeMargin: options.negativeMargin && Object.freeze({ ...options.negativeMargin }),
    centers: options.centers ?? 1,
    labelSmoothing: options.labelSmoothing ?? 0,
    negativeWeight: options.negativeWeight ?? 1,
    pairSampling: options.pairSampling && Object.freeze({ ...options.pairSampling }),
    logitClip: options.logitClip,
    emptyRows: options.emptyRows ?? 'score',
    bankGradient: options.bankGradient ?? true,
    weight: options.weight ?? 1,
    reduction: options.reduction ?? 'mean',
    blockSize: options.blockSize,
  });
}

function checkBankOptions(resolved: ResolvedBankOptions): void {
  checkChoice('similarity', resolved.similarity, ['cosine', 'dot']);
  checkChoice('criterion', resolved.criterion, ['softmax', 'bce']);
  checkChoice('emptyRows', resolved.emptyRows, ['score', 'skip']);
  checkNumber('scale (γ)', resolved.scale, { minimum: Number.MIN_VALUE });
  checkNumber('labelSmoothing (ε)', resolved.labelSmoothing, { minimum: 0, maximum: 1 });
  checkNumber('negativeWeight (λ)', resolved.negativeWeight, { minimum: 0 });
  checkNumber('weight', resolved.weight);
  checkMargins(resolved.margins, resolved.similarity);
  if (resolved.blockSize !== undefined) {
    checkNumber('blockSize', resolved.blockSize, { minimum: 1, integer: true });
  }
  if (resolved.logitClip !== undefined) checkNumber('logitClip', resolved.logitClip, { minimum: 0 });
  if (resolved.cosineLimit !== undefined) {
    checkNumber('cosineLimit', resolved.cosineLimit, { minimum: 0, maximum: 1 });
  }
  checkChoice('reduction', resolved.reduction, ['mean', 'none']);
  checkNumber('centers (K)', resolved.centers, { minimum: 1, integer: true });
  if (resolved.similarityMap) checkSimilarityMap(resolved.similarityMap);
  checkNumber('the angle of negativeMargin', resolved.negativeMargin?.angle ?? 0, {
    minimum: 0,
    maximum: Math.PI,
  });
  checkNumber('the cosine of negativeMargin', resolved.negativeMargin?.cosine ?? 0, { minimum: 0 });
  if (resolved.pairSampling) {
    checkNumber('the negative sample rate (r)', resolved.pairSampling.rate, { minimum: 0, maximum: 1 });
  }
  checkCombination(resolved);
}
