import type { TensorInfo } from '@tensorflow/tfjs-core';
import { channelSums, columnSums } from './column-sums.ts';
import { type Columns, columnConstants, columnsOf, requireFloats, requireSize, rowWidth } from './columns.ts';
import { momentSums } from './elementwise-task-ids.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';
import { channelValues, normalizeColumns } from './normalize-columns.ts';

/** Inputs of `BatchNormTraining`. */
export interface BatchNormInputs {
  /** `[..., channels]` */
  x: TensorInfo;
  /** `[channels]`; default 1. */
  scale?: TensorInfo | null;
  /** `[channels]`; default 0. */
  offset?: TensorInfo | null;
}

/**
 * `BatchNormTraining`: batch norm with batch statistics, `y = scale (x − mean) / √(variance + ε) + offset` over all
 * axes but the last. Returns y, the mean and the (biased) variance of each channel.
 *
 * One pass computes the statistics: float64 sums of the exact differences from the first row, and of their squares. The
 * first row is at most `√rows` deviations from the mean, so the variance stays accurate for data far from zero.
 */
export const batchNormTraining: ScopedKernel<BatchNormInputs, { varianceEpsilon: number }, TensorInfo[]> = (
  scope,
  { x, scale, offset },
  { varianceEpsilon },
) => {
  const kernel = 'BatchNormTraining';
  const columns = columnsOf(x);
  const { channels } = columns;
  const lists = { ...(scale && { scale }), ...(offset && { offset }) };
  requireFloats(kernel, { x, ...lists });
  for (const [name, list] of Object.entries(lists)) requireSize(kernel, name, list, x, channels);

  const y = scope.allocate(x.shape);
  const meanOutput = scope.allocate([channels]);
  const varianceOutput = scope.allocate([channels]);
  const { mean, variance } = moments(scope, x, columns);
  const factor = channelValues(scope, scale, channels, 1).map(
    (value, channel) => value / Math.sqrt(variance[channel]! + varianceEpsilon),
  );
  const shift = channelValues(scope, offset, channels, 0);
  normalizeColumns(scope, x, y, columns, { mean, factor, offset: shift });
  scope.view(meanOutput).set(mean);
  scope.view(varianceOutput).set(variance);
  return [y, meanOutput, varianceOutput];
};

/** Returns mean and biased variance of each channel. */
function moments(scope: KernelScope, x: TensorInfo, columns: Columns) {
  const { rows, channels } = columns;
  if (rows * channels === 0) {
    const nothing = new Float64Array(channels).fill(Number.NaN);
    return { mean: nothing, variance: nothing };
  }
  const firstRow = Float32Array.from(scope.view(x).subarray(0, channels), (value) =>
    Number.isFinite(value) ? value : 0,
  );
  const [sums, squares] = momentSumsOf(scope, x, columns, firstRow) as [Float64Array, Float64Array];
  const shifts = sums.map((sum) => sum / rows);
  return {
    mean: shifts.map((shift, channel) => firstRow[channel]! + shift),
    variance: squares.map((square, channel) => Math.max(0, square / rows - shifts[channel]! ** 2)),
  };
}

/** Returns `Σ (x − s)` and `Σ (x − s)²` of each channel. */
function momentSumsOf(
  scope: KernelScope,
  x: TensorInfo,
  columns: Columns,
  shift: Float32Array,
): Float64Array[] {
  const native = nativeModule(scope.backend);
  if (native) {
    const constants = columnConstants(scope, native, rowWidth(columns), [shift]);
    const operands = [native.address(x), ...constants];
    const sums = columnSums(scope, native, columns, { kind: momentSums, quantities: 2, operands });
    return channelSums(scope, sums);
  }
  const { rows, channels } = columns;
  const values = scope.view(x);
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let start = 0; start < rows * channels; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const difference = values[start + channel]! - shift[channel]!;
      sums[channel]! += difference;
      squares[channel]! += difference * difference;
    }
  }
  return [sums, squares];
}
