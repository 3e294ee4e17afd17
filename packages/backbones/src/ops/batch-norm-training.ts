import { hasKernel } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { channelSums, valuesPerChannel } from './channel-sums.ts';
import { networkOperation, runKernel } from './network-operation.ts';

/**
 * Names under which a backend may register faster kernels for `batchNormTraining`.
 *
 * Forward: inputs `x [..., channels]` and optionally `scale [channels]` and `offset [channels]`; attribute
 * `varianceEpsilon`; outputs `y`, `mean [channels]`, and the biased `variance [channels]`. Gradient: inputs `dy`, `x`,
 * `mean`, `variance` and optionally `scale`; outputs the gradients of `x`, scale and offset.
 */
export const batchNormKernels = {
  forward: 'BatchNormTraining',
  gradient: 'BatchNormTrainingGrad',
} as const;

/** Parameters of a batch norm. */
export interface BatchNormParameters {
  /** γ `[channels]`; default 1. */
  readonly scale?: tf.Tensor1D | undefined;
  /** β `[channels]`; default 0. */
  readonly offset?: tf.Tensor1D | undefined;
  /** ε, added to the variance. */
  readonly epsilon: number;
}

/**
 * Returns `x` normalised with the statistics of the batch (Ioffe and Szegedy 2015) over all axes but the last:
 * `y = scale · (x − mean) / √(variance + ε) + offset`. Differentiable in `x`, `scale` and `offset`, through the
 * statistics. Runs as one kernel forward and one backward if the backend has them.
 *
 * @param observe called with the batch's mean and biased variance `[channels]`; must clone what it keeps
 */
export function batchNormTraining<T extends tf.Tensor>(
  x: T,
  { scale, offset, epsilon }: BatchNormParameters,
  observe?: (mean: tf.Tensor1D, variance: tf.Tensor1D) => void,
): T {
  const inputs = [x, ...(scale ? [scale] : []), ...(offset ? [offset] : [])];
  return networkOperation<T>(
    inputs,
    () => {
      const [y, mean, variance] = normalize(x, { scale, offset, epsilon });
      observe?.(mean, variance);
      return { value: y as tf.Tensor as T, saved: [x, mean, variance] };
    },
    (dy, [x, mean, variance]) => {
      const batch = { dy, x: x!, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
      const [dx, dScale, dOffset] = gradients(batch, { scale, epsilon });
      return [dx, ...(scale ? [dScale] : []), ...(offset ? [dOffset] : [])];
    },
  );
}

function normalize(
  x: tf.Tensor,
  { scale, offset, epsilon }: BatchNormParameters,
): [y: tf.Tensor, mean: tf.Tensor1D, variance: tf.Tensor1D] {
  if (hasKernel(batchNormKernels.forward)) {
    const inputs = { x, ...(scale ? { scale } : {}), ...(offset ? { offset } : {}) };
    const outputs = runKernel(batchNormKernels.forward, inputs, { varianceEpsilon: epsilon });
    return outputs as [tf.Tensor, tf.Tensor1D, tf.Tensor1D];
  }
  const count = valuesPerChannel(x);
  const mean = tf.div(channelSums(x), count) as tf.Tensor1D;
  const variance = tf.div(channelSums(tf.squaredDifference(x, mean)), count) as tf.Tensor1D;
  return [tf.batchNorm(x, mean, variance, offset, scale, epsilon), mean, variance];
}

interface BatchNormBatch {
  readonly dy: tf.Tensor;
  readonly x: tf.Tensor;
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

function gradients(
  { dy, x, mean, variance }: BatchNormBatch,
  { scale, epsilon }: BatchNormParameters,
): [dx: tf.Tensor, dScale: tf.Tensor, dOffset: tf.Tensor] {
  if (hasKernel(batchNormKernels.gradient)) {
    const inputs = { dy, x, mean, variance, ...(scale ? { scale } : {}) };
    const outputs = runKernel(batchNormKernels.gradient, inputs, { varianceEpsilon: epsilon });
    return outputs as [tf.Tensor, tf.Tensor, tf.Tensor];
  }
  // With x̂ = (x − mean) / √(variance + ε) and n values per channel:
  //   dOffset = Σ dy,  dScale = Σ dy · x̂,  dx = scale / √(variance + ε) · (dy − dOffset / n − x̂ · dScale / n).
  const count = valuesPerChannel(x);
  const dOffset = channelSums(dy);
  const dScale = tf.tidy(() =>
    channelSums(tf.mul(dy, tf.batchNorm(x, mean, variance, undefined, undefined, epsilon))),
  );
  // x̂ · dScale / n + dOffset / n is another batch norm.
  const [slope, shift] = [tf.div(dScale, count) as tf.Tensor1D, tf.div(dOffset, count) as tf.Tensor1D];
  const throughStatistics = tf.batchNorm(x, mean, variance, shift, slope, epsilon);
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const dx = tf.mul(tf.sub(dy, throughStatistics), scale ? tf.mul(inverse, scale) : inverse);
  return [dx, dScale, dOffset];
}
