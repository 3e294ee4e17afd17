import { batchStatisticsExchange, hasKernel } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import {
  type BatchNormFollower,
  type BatchNormParameters,
  batchNormKernels,
  moveTowards,
  operands,
  withFollower,
} from './batch-norm-operands.ts';
import { channelSums, valuesPerChannel } from './channel-sums.ts';
import { branchingOperation, networkOperation, ownsGradients, runKernel } from './network-operation.ts';
import { preluGradient } from './prelu.ts';
import { sharedBatchNorm } from './shared-batch-norm.ts';

/**
 * Returns `x` normalised with the statistics of the batch (Ioffe and Szegedy 2015) over all axes but the last:
 * `y = scale · (x − mean) / √(variance + ε) + offset`, followed by a PReLU or a sum on request. Differentiable in `x`,
 * `scale`, `offset` and the follower's tensor, through the statistics. Runs as one kernel forward and one backward if the
 * backend has them; they keep only x for the gradients. Inside `withBatchStatistics` of `@openset/core`, the statistics are those of all parts of
 * the batch.
 */
export function batchNormTraining<T extends tf.Tensor>(
  x: T,
  parameters: BatchNormParameters,
  follower?: BatchNormFollower,
): T {
  const exchange = batchStatisticsExchange();
  if (exchange) return sharedBatchNorm(x, parameters, exchange, follower);
  return networkOperation<T>(
    operands(x, parameters, follower),
    () => {
      const { y, statistics } = normalize(x, parameters, follower);
      return { value: y as T, saved: [x, ...statistics] };
    },
    (dy, [x, ...statistics]) =>
      allGradients({ dy, x: x!, statistics: statistics as tf.Tensor1D[] }, parameters, follower),
  );
}

/**
 * Returns the normalised `x` as `batchNormTraining`, and a shortcut: the values of `x` for everything else that reads them.
 * The backward pass then adds the gradient of the shortcut while it writes the gradient of `x`.
 */
export function batchNormTrainingWithShortcut<T extends tf.Tensor>(
  x: T,
  parameters: BatchNormParameters,
): [normalised: T, shortcut: T] {
  if (!hasKernel(batchNormKernels.gradient) || batchStatisticsExchange())
    return [batchNormTraining(x, parameters), x];
  return branchingOperation<T>(
    operands(x, parameters),
    () => {
      const { y, statistics } = normalize(x, parameters);
      return { values: [y as T, tf.clone(x)], saved: [x, ...statistics] };
    },
    ([dy, otherGradient], [x, ...statistics]) => {
      const batch = { dy, otherGradient, x: x!, statistics: statistics as tf.Tensor1D[] };
      return allGradients(batch, parameters);
    },
  );
}

/** Returns y, and what the gradient needs of the statistics. Moves the running statistics. */
function normalize(
  x: tf.Tensor,
  { scale, offset, epsilon, running }: BatchNormParameters,
  follower?: BatchNormFollower,
): { y: tf.Tensor; statistics: tf.Tensor[] } {
  if (hasKernel(batchNormKernels.forward)) {
    const inputs = {
      ...{ x, ...(scale && { scale }), ...(offset && { offset }) },
      ...(follower?.kind === 'prelu' && { slope: follower.slope }),
      ...(follower?.kind === 'sum' && { shortcut: follower.shortcut }),
      ...(running && { runningMean: running.mean, runningVariance: running.variance }),
    };
    const attributes = { varianceEpsilon: epsilon, ...(running && { momentum: running.momentum }) };
    const [y, mean, variance, meanError, newMean, newVariance] = runKernel(
      batchNormKernels.forward,
      inputs,
      attributes,
    );
    running?.mean.assign(newMean!);
    running?.variance.assign(newVariance!);
    return { y: y!, statistics: [mean!, variance!, meanError!] };
  }
  const count = valuesPerChannel(x);
  const mean = tf.div(channelSums(x), count) as tf.Tensor1D;
  const variance = tf.div(channelSums(tf.squaredDifference(x, mean)), count) as tf.Tensor1D;
  if (running) {
    moveTowards(running.mean, mean, running.momentum);
    moveTowards(running.variance, tf.mul(variance, count / (count - 1)), running.momentum);
  }
  const normalised = tf.batchNorm(x, mean, variance, offset, scale, epsilon);
  return { y: withFollower(normalised, follower), statistics: [mean, variance] };
}

interface BatchNormBatch {
  readonly dy: tf.Tensor;
  readonly x: tf.Tensor;
  /** As `normalize` returned them. */
  readonly statistics: readonly tf.Tensor1D[];
  /** Added to the gradient of x. */
  readonly otherGradient?: tf.Tensor | undefined;
}

/** Returns the gradients of the operands, in their order. */
function allGradients(
  batch: BatchNormBatch,
  parameters: BatchNormParameters,
  follower?: BatchNormFollower,
): tf.Tensor[] {
  const { scale, offset, epsilon } = parameters;
  const slope = follower?.kind === 'prelu' ? follower.slope : undefined;
  // Before the kernel, which then does not overwrite dy.
  const dShortcut = follower?.kind === 'sum' ? tf.clone(batch.dy) : undefined;
  const run = hasKernel(batchNormKernels.gradient) ? kernelGradients : composedGradients;
  const [dx, dScale, dOffset, dSlope] = run(batch, { scale, offset, epsilon, slope });
  return [dx, scale && dScale, offset && dOffset, dSlope, dShortcut].filter(
    (each): each is tf.Tensor => each !== undefined,
  );
}

interface GradientParameters extends BatchNormParameters {
  readonly slope?: tf.Tensor | undefined;
}

function kernelGradients(
  { dy, x, statistics, otherGradient }: BatchNormBatch,
  { scale, offset, slope, epsilon }: GradientParameters,
): tf.Tensor[] {
  const [mean, variance, meanError] = statistics as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
  const inputs = {
    ...{ dy, x, mean, variance, meanError, ...(scale && { scale }), ...(offset && { offset }) },
    ...(slope && { slope }),
    ...(otherGradient && { otherGradient }),
  };
  const attributes = { varianceEpsilon: epsilon, mayOverwrite: ownsGradients() };
  return runKernel(batchNormKernels.gradient, inputs, attributes);
}

function composedGradients(
  { dy, x, statistics }: BatchNormBatch,
  { scale, offset, slope, epsilon }: GradientParameters,
): tf.Tensor[] {
  const [mean, variance] = statistics as [tf.Tensor1D, tf.Tensor1D];
  const [gradient, dSlope] = slope
    ? preluGradient(dy, tf.batchNorm(x, mean, variance, offset, scale, epsilon), slope)
    : [dy];
  // With x̂ = (x − mean) / √(variance + ε) and n values per channel:
  //   dOffset = Σ dy,  dScale = Σ dy · x̂,  dx = scale / √(variance + ε) · (dy − dOffset / n − x̂ · dScale / n).
  const count = valuesPerChannel(x);
  const dOffset = channelSums(gradient!);
  const dScale = tf.tidy(() =>
    channelSums(tf.mul(gradient!, tf.batchNorm(x, mean, variance, undefined, undefined, epsilon))),
  );
  // x̂ · dScale / n + dOffset / n is another batch norm.
  const [along, shift] = [tf.div(dScale, count) as tf.Tensor1D, tf.div(dOffset, count) as tf.Tensor1D];
  const throughStatistics = tf.batchNorm(x, mean, variance, shift, along, epsilon);
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const dx = tf.mul(tf.sub(gradient!, throughStatistics), scale ? tf.mul(inverse, scale) : inverse);
  return [dx, dScale, dOffset, ...(dSlope ? [dSlope] : [])];
}
