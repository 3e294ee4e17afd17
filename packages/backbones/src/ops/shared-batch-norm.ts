import { type BatchStatisticsExchange, hasKernel, ShapeError } from '@openset/core';
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
import { networkOperation, runKernel } from './network-operation.ts';
import { preluGradient } from './prelu.ts';

/** Mean and biased variance of each channel, and the number of values that they are of. */
interface Moments {
  readonly count: number;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/**
 * Returns `x` normalised as `batchNormTraining` does, with the statistics of all parts of a batch. Exchanges the sums of each channel twice
 * forward: the means first, then the squares of the deviations from the mean of all, so that means far from zero cancel nothing. Exchanges
 * the sums of the gradients once backward. The gradients of `scale`, `offset` and the follower's tensor are those of this part.
 * @throws ShapeError, in all parts, if all of them together have one value per channel
 */
export function sharedBatchNorm<T extends tf.Tensor>(
  x: T,
  parameters: BatchNormParameters,
  exchange: BatchStatisticsExchange,
  follower?: BatchNormFollower,
): T {
  const { scale, offset, epsilon, running } = parameters;
  let count = 0;
  return networkOperation<T>(
    operands(x, parameters, follower),
    () => {
      const all = shareMoments(ownMoments(x, epsilon, exchange), exchange);
      count = all.count;
      // What rounding takes from a large mean may be as large as the deviations.
      const mean = tf.tensor1d(Float32Array.from(all.mean));
      const meanError = tf.tensor1d(Float32Array.from(all.mean, (value) => value - Math.fround(value)));
      const variance = tf.tensor1d(Float32Array.from(all.variance));
      if (running) {
        moveTowards(running.mean, mean, running.momentum);
        moveTowards(running.variance, tf.mul(variance, count / (count - 1)), running.momentum);
      }
      const normalised = tf.batchNorm(tf.sub(x, mean), meanError, variance, offset, scale, epsilon);
      return { value: withFollower(normalised, follower) as T, saved: [x, mean, meanError, variance] };
    },
    (dy, [x, mean, ...saved]) => {
      const [meanError, variance] = saved as [tf.Tensor1D, tf.Tensor1D];
      const centred = tf.sub(x!, mean!);
      const [gradient, dSlope] =
        follower?.kind === 'prelu'
          ? preluGradient(
              dy,
              tf.batchNorm(centred, meanError, variance, offset, scale, epsilon),
              follower.slope,
            )
          : [dy];
      // As in `batchNormTraining`, with n and the sums of all parts in dx.
      const dOffset = channelSums(gradient!);
      const dScale = tf.tidy(() =>
        channelSums(
          tf.mul(gradient!, tf.batchNorm(centred, meanError, variance, undefined, undefined, epsilon)),
        ),
      );
      const [along, shift] = shareSums([dScale, dOffset], exchange).map((sums) =>
        tf.tensor1d(Float32Array.from(sums, (sum) => sum / count)),
      );
      const throughStatistics = tf.batchNorm(centred, meanError, variance, shift, along, epsilon);
      const inverse = tf.rsqrt(tf.add(variance, epsilon));
      // A row that stands for none moves no statistics.
      const dx = exchange.hasRows
        ? tf.mul(tf.sub(gradient!, throughStatistics), scale ? tf.mul(inverse, scale) : inverse)
        : tf.zerosLike(x!);
      const dShortcut = follower?.kind === 'sum' ? tf.clone(dy) : undefined;
      return [dx, scale && dScale, offset && dOffset, dSlope, dShortcut].filter(
        (each): each is tf.Tensor => each !== undefined,
      );
    },
  );
}

/** Returns the moments of this part, in float64. */
function ownMoments(x: tf.Tensor, epsilon: number, { hasRows }: BatchStatisticsExchange): Moments {
  const channels = x.shape.at(-1)!;
  if (!hasRows) return { count: 0, mean: new Float64Array(channels), variance: new Float64Array(channels) };
  const [mean, meanError, variance] = tf.tidy(() => momentTensors(x, epsilon).map((each) => each.dataSync()));
  return {
    count: valuesPerChannel(x),
    mean: Float64Array.from(mean!, (value, channel) => value + meanError![channel]!),
    variance: Float64Array.from(variance!),
  };
}

/** Returns the mean, what its rounding lacks, and the biased variance. */
function momentTensors(x: tf.Tensor, varianceEpsilon: number): tf.Tensor[] {
  if (hasKernel(batchNormKernels.forward)) {
    const [, mean, variance, meanError] = runKernel(batchNormKernels.forward, { x }, { varianceEpsilon });
    return [mean!, meanError!, variance!];
  }
  const count = valuesPerChannel(x);
  const mean = tf.div(channelSums(x), count);
  const centred = tf.sub(x, mean);
  const meanError = tf.div(channelSums(centred), count);
  return [mean, meanError, tf.div(channelSums(tf.squaredDifference(centred, meanError)), count)];
}

/** Merges the moments of all parts (Chan, Golub and LeVeque 1983). @throws ShapeError for one value per channel */
function shareMoments({ count, mean, variance }: Moments, exchange: BatchStatisticsExchange): Moments {
  const sums = Float64Array.of(count, ...mean.map((value) => count * value));
  exchange.sum(sums);
  const total = sums[0]!;
  if (total < 2) {
    throw new ShapeError(
      `A batch norm has ${total} value per channel in all parts of the batch together, but needs at least 2 to train. Use a larger batch.`,
    );
  }
  const means = sums.subarray(1).map((sum) => sum / total);
  const squares = variance.map((value, channel) => count * (value + (mean[channel]! - means[channel]!) ** 2));
  exchange.sum(squares);
  return { count: total, mean: means, variance: squares.map((sum) => sum / total) };
}

/** Returns the sums of all parts of two lists. */
function shareSums(
  lists: readonly [tf.Tensor1D, tf.Tensor1D],
  exchange: BatchStatisticsExchange,
): Float64Array[] {
  const [{ size }] = lists;
  const sums = new Float64Array(2 * size);
  if (exchange.hasRows) for (const [index, list] of lists.entries()) sums.set(list.dataSync(), index * size);
  exchange.sum(sums);
  return [sums.subarray(0, size), sums.subarray(size)];
}
