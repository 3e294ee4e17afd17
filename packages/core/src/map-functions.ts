import type * as tf from '@tensorflow/tfjs-core';
import type { MarginStep } from './margin.ts';
import type { Margin } from './margins.ts';

/** What a map computes from its numbers. */
export interface MapFunctions {
  /** Checks the numbers. @throws ConfigError for one out of range, or margins that exclude the map */
  check(margins: readonly Margin[]): void;
  /** Maps similarities to the own classes, `[batch]`; missing if they stay as they are. */
  mapPositives?(similarity: tf.Tensor1D): MarginStep;
  /** Maps similarities to other classes; null if they stay as they are. @param hard null where nothing is compared */
  mapNegatives(similarity: tf.Tensor2D, hard: HardThreshold | null): MappedSimilarities | null;
}

/** What a hard negative exceeds. */
export interface HardThreshold {
  /** `[1, batch]`: positive similarities with margins. */
  readonly threshold: tf.Tensor2D;
  /** `[1]`: t of the map; undefined for the factor of its options. */
  readonly factor: tf.Tensor1D | undefined;
}

/** Similarities to other classes after a change. */
export interface MappedSimilarities {
  /** `[classes, batch]`: the similarities. */
  readonly value: tf.Tensor2D;
  /** `[classes, batch]`: derivatives by the similarities before; null if all are 1. */
  readonly derivative: tf.Tensor2D | null;
}
