import { ShapeError, stopGradient } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { rowNorms } from './row-norms.ts';

/** Running mean and standard deviation of the norms of embeddings, each `[1]`. */
export interface NormStatistics {
  readonly normMean: tf.Tensor1D;
  readonly normStd: tf.Tensor1D;
}

/**
 * Returns the running statistics after a batch, and the quality of its samples by these statistics, `[batch]`. Without a gradient.
 * @param embeddings `[batch, embeddingSize]`
 * @param running the statistics before the batch
 * @param options `concentration` of `qualityOfNorms`; `statisticsMomentum`: share of the batch in the statistics, in `[0, 1]`
 * @throws ShapeError for a batch of one row, whose norms have no standard deviation
 */
export function measureQuality(
  embeddings: tf.Tensor2D,
  running: NormStatistics,
  options: { readonly concentration: number; readonly statisticsMomentum: number },
): NormStatistics & { readonly quality: tf.Tensor1D } {
  const norms = clippedNorms(embeddings);
  const statistics = updateStatistics(running, norms, options.statisticsMomentum);
  return { ...statistics, quality: qualityOfNorms(norms, statistics, options.concentration) };
}

/**
 * Returns the norms of embeddings, clipped to `[0.001, 100]` as in head.py, without a gradient.
 * @param embeddings `[batch, embeddingSize]`
 * @returns `[batch]`
 * @throws ShapeError for a batch of one row, whose norms have no standard deviation
 */
export function clippedNorms(embeddings: tf.Tensor2D): tf.Tensor1D {
  requireTwoRows(embeddings.shape[0]);
  return stopGradient(() => tf.clipByValue(rowNorms(embeddings), 0.001, 100));
}

/**
 * Returns the running statistics after a batch, without a gradient. The deviation of the batch divides by `batch − 1`.
 * @param norms `[batch]`, at least 2
 * @param share part of the batch in the result, in `[0, 1]`
 */
export function updateStatistics(running: NormStatistics, norms: tf.Tensor1D, share: number): NormStatistics {
  const blend = (before: tf.Tensor1D, ofBatch: tf.Tensor) =>
    tf.add(tf.mul(ofBatch, share), tf.mul(before, 1 - share)) as tf.Tensor1D;
  const normMean = stopGradient(() => blend(running.normMean, tf.mean(norms)));
  const normStd = stopGradient(() => {
    const variance = tf.div(tf.sum(tf.square(tf.sub(norms, tf.mean(norms)))), norms.size - 1);
    return blend(running.normStd, tf.sqrt(variance));
  });
  return { normMean, normStd };
}

/**
 * Returns the quality of samples, `clip(concentration · (norm − mean) / (std + 0.001), −1, 1)`, without a gradient.
 * @param norms `[batch]`
 * @returns `[batch]`
 */
export function qualityOfNorms(
  norms: tf.Tensor1D,
  { normMean, normStd }: NormStatistics,
  concentration: number,
): tf.Tensor1D {
  return stopGradient(() => {
    const standardised = tf.div(tf.sub(norms, normMean), tf.add(normStd, 0.001));
    return tf.clipByValue(tf.mul(standardised, concentration), -1, 1) as tf.Tensor1D;
  });
}

/**
 * Returns the qualities that `measureQuality` returns, in float64: those of norms close to the mean have few digits in float32.
 * @param embeddings `batch · embeddingSize` values, row-major
 * @param running the statistics before the batch, one value each
 * @throws ShapeError for a batch of one row
 */
export function readQuality(
  embeddings: ArrayLike<number>,
  batch: number,
  running: Readonly<Record<'normMean' | 'normStd', ArrayLike<number>>>,
  { concentration, statisticsMomentum }: { concentration: number; statisticsMomentum: number },
): number[] {
  requireTwoRows(batch);
  const size = embeddings.length / batch;
  const rows = Array.from({ length: batch }, (_, row) =>
    Array.from({ length: size }, (_, column) => embeddings[row * size + column]!),
  );
  const norms = rows.map((row) => Math.min(Math.max(Math.hypot(...row), 0.001), 100));
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / batch;
  const variance = norms.reduce((sum, norm) => sum + (norm - mean) ** 2, 0) / (batch - 1);
  const blend = (before: number, ofBatch: number) =>
    statisticsMomentum * ofBatch + (1 - statisticsMomentum) * before;
  const normMean = blend(running.normMean[0]!, mean);
  const normStd = blend(running.normStd[0]!, Math.sqrt(variance));
  return norms.map((norm) =>
    Math.min(Math.max((concentration * (norm - normMean)) / (normStd + 0.001), -1), 1),
  );
}

function requireTwoRows(batch: number): void {
  if (batch >= 2) return;
  throw new ShapeError(
    `A batch of AdaFaceLoss must have at least 2 rows, because their norms need a standard deviation, but has ${batch}.`,
  );
}
