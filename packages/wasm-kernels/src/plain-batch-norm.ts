import type { TensorInfo } from '@tensorflow/tfjs-core';
import type {
  BatchNormAttributes,
  BatchNormGradientAttributes,
  BatchNormGradientInputs,
  BatchNormGradientOutputs,
  BatchNormInputs,
  BatchNormOutputs,
} from './batch-norm-operands.ts';
import type { ChannelLists } from './batch-norm-tasks.ts';
import { columnsOf } from './columns.ts';
import type { KernelScope } from './kernel-scope.ts';
import { channelValues } from './normalize-columns.ts';

/** Computes `BatchNormTraining` in TypeScript, for engines without SIMD. */
export function plainBatchNorm(
  scope: KernelScope,
  inputs: BatchNormInputs,
  { varianceEpsilon, momentum = 0.9 }: BatchNormAttributes,
  outputs: BatchNormOutputs,
): void {
  const { x, slope, shortcut, runningMean, runningVariance } = inputs;
  const { rows, channels } = columnsOf(x);
  const { mean, variance } = moments(scope, x);
  scope.view(outputs.mean).set(mean);
  scope.view(outputs.variance).set(variance);
  scope.view(outputs.meanError).set(mean.map((value) => value - Math.fround(value)));
  const targets = [mean, variance.map((value) => (value * rows) / (rows - 1))];
  for (const [index, running] of [runningMean, runningVariance].entries()) {
    if (!running) continue;
    const values = Float64Array.from(scope.view(running));
    const moved = values.map((value, c) => momentum * value + (1 - momentum) * targets[index]![c]!);
    scope.view(outputs.running[index]!).set(moved);
  }
  const { means, factor, rest } = channelMap(scope, x, { ...inputs, ...outputs }, varianceEpsilon);
  const slopes = channelValues(scope, slope, channels, 1);
  const [values, results] = scope.views(x, outputs.y);
  const shortcuts = shortcut && scope.view(shortcut);
  for (let start = 0; start < rows * channels; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const place = start + channel;
      const normalised = (values[place]! - means[channel]!) * factor[channel]! + rest[channel]!;
      const active = normalised > 0 ? normalised : normalised * slopes[channel]!;
      results[place] = shortcuts ? active + shortcuts[place]! : active;
    }
  }
}

/** Computes `BatchNormTrainingGrad` in TypeScript. */
export function plainBatchNormGradient(
  scope: KernelScope,
  inputs: BatchNormGradientInputs,
  { varianceEpsilon }: BatchNormGradientAttributes,
  { dx, dScale, dOffset, dSlope }: BatchNormGradientOutputs,
): void {
  const { dy, x, slope, otherGradient } = inputs;
  const { rows, channels } = columnsOf(x);
  const { means, errors, inverse, factor, rest } = channelMap(scope, x, inputs, varianceEpsilon);
  const slopes = channelValues(scope, slope, channels, 1);
  const [values, gradients, results] = scope.views(x, dy, dx);
  const others = otherGradient && scope.view(otherGradient);
  const [sums, products, slopeSums] = [0, 1, 2].map(() => new Float64Array(channels)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const gradientAt = (place: number, channel: number, centred: number) => {
    const normalised = centred * factor[channel]! + rest[channel]!;
    return normalised > 0 ? gradients[place]! : gradients[place]! * slopes[channel]!;
  };
  for (let start = 0; start < rows * channels; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const centred = values[start + channel]! - means[channel]!;
      const gradient = gradientAt(start + channel, channel, centred);
      const normalised = centred * factor[channel]! + rest[channel]!;
      sums[channel]! += gradient;
      products[channel]! += gradient * (centred - errors[channel]!) * inverse[channel]!;
      if (!(normalised > 0)) slopeSums[channel]! += gradients[start + channel]! * normalised;
    }
  }
  for (let start = 0; start < rows * channels; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const place = start + channel;
      const centred = values[place]! - means[channel]!;
      const unit = (centred - errors[channel]!) * inverse[channel]!;
      const through = (sums[channel]! + unit * products[channel]!) / rows;
      const result = factor[channel]! * (gradientAt(place, channel, centred) - through);
      results[place] = others ? result + others[place]! : result;
    }
  }
  scope.view(dScale).set(products);
  scope.view(dOffset).set(sums);
  if (dSlope) scope.view(dSlope).set(slopeSums);
}

/** Returns the parameters of `(x − mean) · factor + rest`, which both passes compute alike. */
function channelMap(scope: KernelScope, x: TensorInfo, lists: ChannelLists, epsilon: number) {
  const { channels } = columnsOf(x);
  const means = channelValues(scope, lists.mean, channels, 0);
  const errors = channelValues(scope, lists.meanError, channels, 0);
  const inverse = channelValues(scope, lists.variance, channels, 0).map(
    (value) => 1 / Math.sqrt(value + epsilon),
  );
  const factor = channelValues(scope, lists.scale, channels, 1).map((value, c) => value * inverse[c]!);
  const offset = channelValues(scope, lists.offset, channels, 0);
  return { means, errors, inverse, factor, rest: offset.map((value, c) => value - errors[c]! * factor[c]!) };
}

/** Returns mean and biased variance of each channel. */
function moments(scope: KernelScope, x: TensorInfo): { mean: Float64Array; variance: Float64Array } {
  const { rows, channels } = columnsOf(x);
  const values = scope.view(x);
  const first = Float64Array.from({ length: channels }, (_, c) =>
    Number.isFinite(values[c]) ? values[c]! : 0,
  );
  const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)];
  for (let start = 0; start < rows * channels; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const difference = values[start + channel]! - first[channel]!;
      sums[channel]! += difference;
      squares[channel]! += difference * difference;
    }
  }
  const shifts = sums.map((sum) => sum / rows);
  return {
    mean: shifts.map((shift, channel) => first[channel]! + shift),
    variance: squares.map((square, channel) => Math.max(0, square / rows - shifts[channel]! ** 2)),
  };
}
