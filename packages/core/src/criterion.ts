import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { PairSampling } from './pair-mask.ts';
import { requirePart } from './require-part.ts';

/**
 * What a loss sums over the classes: a name, which a backend kernel reads, and functions, which compute it with tfjs operations from
 * blocks of logits. `softmaxCriterion` and `bceCriterion` are the two there are.
 */
export interface Criterion {
  /** The name by which kernels know it. */
  readonly name: 'softmax' | 'bce';
  /** Checks the options. @throws ConfigError for options of another criterion */
  check(options: CriterionOptions): void;
  /** Returns the loss of each row, `[1, batch]`, and passes the gradients of the logits on to a sink. */
  rowLosses<Block extends LogitBlock>(logits: BatchLogits<Block>, sink: GradientSink<Block> | null): Tensor2D;
  /**
   * Returns the sums over a shard of the classes from which the totals over all of them follow, `[2, batch]` or `[3, batch]`: logit of the own class
   * and log-sum-exp of the others; or log-sum-exp, targets times logits, and targets. A criterion that needs no totals lacks it.
   */
  sums?(logits: BatchLogits<LogitBlock>): Tensor2D;
}

/** The options that a criterion reads; see `BankOptions`. */
export interface CriterionOptions {
  /** ε. */
  readonly labelSmoothing: number;
  /** λ. */
  readonly negativeWeight: number;
  /** Keeps a share of the negative terms. */
  readonly pairSampling: PairSampling | undefined;
  /** Largest magnitude of a logit. */
  readonly logitClip: number | undefined;
}

/** One block of logits, class-major: of classes `start … start + count − 1`, or of as many outside negatives. */
export interface LogitBlock {
  /** The first class. */
  readonly start: number;
  /** Number of classes. */
  readonly count: number;
  /** `[count, batch]`: `scale · map(margin(similarity)) − bias`. */
  readonly logits: Tensor2D;
  /** `[count, batch]` bool: marks the class of each row; null with soft targets. */
  readonly isPositive: Tensor2D | null;
  /** `[count, 1]` float32: 0 for skipped classes, else 1; null unless `emptyRows` is `'skip'`. */
  readonly present: Tensor2D | null;
}

/** The logits of a batch, one block at a time. */
export interface BatchLogits<Block extends LogitBlock> {
  /** Number of rows. */
  readonly batch: number;
  /** Number of classes. */
  readonly numClasses: number;
  /** `[batch, numClasses]` soft targets, or null. */
  readonly softTargets: Tensor2D | null;
  /** Options of the loss. */
  readonly options: CriterionOptions;
  /** What is known of all shards; see `BankShard.totals`. */
  readonly totals?: Tensor2D | null | undefined;
  /** Calls `visit` for each block in a separate `tf.tidy`, so that memory holds one block at a time. */
  forEachBlock(visit: (block: Block) => void): void;
}

/** Receives a block and its `dL/dlogit` `[count, batch]`, before the mean over the rows. */
export type GradientSink<Block extends LogitBlock> = (block: Block, logitGradient: Tensor2D) => void;

/** @throws ConfigError for what is no criterion, or options of another one */
export function checkCriterion({
  criterion,
  ...options
}: CriterionOptions & { readonly criterion: Criterion }): void {
  requirePart('The criterion', criterion, 'softmaxCriterion or bceCriterion');
  criterion.check(options);
}
