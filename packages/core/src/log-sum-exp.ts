import * as tf from '@tensorflow/tfjs-core';
import { Accumulator } from './accumulator.ts';
import type { BatchLogits, LogitBlock } from './criterion.ts';

/** Replaces −∞ for entries that do not count. It is far below any logit, and finite, to avoid ∞ − ∞. */
const minusInfinity = -1e30;

/** A log-sum-exp below this has no terms. It is not closer to −1e30, because the maximum of webgl starts at −1e20. */
export const emptySum = -1e19;

/** Returns `log Σ_{j≠y} e^{z_j}` of each row, `[1, batch]`, in one pass; below `emptySum` for a row without negatives. */
export function negativeLogSumExpRows(batchLogits: BatchLogits<LogitBlock>): tf.Tensor2D {
  const negatives = new RunningLogSumExp(batchLogits.batch);
  batchLogits.forEachBlock((block) => {
    negatives.add(maskLogits(block.logits, block.isPositive, block.present));
  });
  return negatives.take();
}

/** Returns logits with a value that stands for −∞ where `excluded` is true, and in classes that are not `present`. */
export function maskLogits(
  logits: tf.Tensor2D,
  excluded: tf.Tensor2D | null,
  present: tf.Tensor2D | null,
): tf.Tensor2D {
  const masked = tf.fill(logits.shape, minusInfinity) as tf.Tensor2D;
  const kept = excluded ? tf.where(excluded, masked, logits) : logits;
  return present ? tf.where(tf.cast(present, 'bool'), kept, masked) : kept;
}

/** Log-sum-exp of each column over blocks of rows: keeps the largest value so far and the sum relative to it. */
export class RunningLogSumExp {
  private readonly largest = new Accumulator<tf.Tensor2D>();
  private readonly sum = new Accumulator<tf.Tensor2D>();

  constructor(batch: number) {
    this.largest.set(tf.fill([1, batch], minusInfinity) as tf.Tensor2D);
    this.sum.set(tf.zeros([1, batch]) as tf.Tensor2D);
  }

  add(logits: tf.Tensor2D): void {
    const largest = tf.maximum(this.largest.value, tf.max(logits, 0, true)) as tf.Tensor2D;
    const before = tf.mul(this.sum.value, tf.exp(tf.sub(this.largest.value, largest)));
    this.sum.set(tf.add(before, tf.sum(tf.exp(tf.sub(logits, largest)), 0, true)) as tf.Tensor2D);
    this.largest.set(largest);
  }

  take(): tf.Tensor2D {
    const result = tf.add(this.largest.value, tf.log(tf.maximum(this.sum.value, 1e-30))) as tf.Tensor2D;
    this.largest.dispose();
    this.sum.dispose();
    return result;
  }
}
