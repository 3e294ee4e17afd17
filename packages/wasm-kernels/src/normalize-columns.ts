import type { TensorInfo } from '@tensorflow/tfjs-core';
import { chunkElements, chunksOf } from './chunks.ts';
import { type Columns, columnConstants, rowWidth } from './columns.ts';
import { normalizeColumnsTask } from './elementwise-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';

/** Parameters of each channel in `(x − mean) · factor + offset`. */
export interface ChannelMap {
  readonly mean: Float64Array;
  readonly factor: Float64Array;
  readonly offset: Float64Array;
}

/** Writes `(x − mean) · factor + offset` to `y`. */
export function normalizeColumns(
  scope: KernelScope,
  x: TensorInfo,
  y: TensorInfo,
  columns: Columns,
  { mean, factor, offset }: ChannelMap,
): void {
  const count = columns.rows * columns.channels;
  if (count === 0) return;
  // The mean is rounded once, and its rounding error goes into the offset, so x − mean is exact if they are close. An
  // infinite mean has no rounding error.
  const rounded = Float32Array.from(mean);
  const rest = offset.map(
    (value, channel) => value - (mean[channel]! - rounded[channel]! || 0) * factor[channel]!,
  );
  const native = nativeModule(scope.backend);
  if (native) {
    const width = rowWidth(columns);
    const constants = columnConstants(scope, native, width, [rounded, factor, rest]);
    const words = [count, width, chunkElements, native.address(x), native.address(y), ...constants];
    native.run(normalizeColumnsTask, chunksOf(count, chunkElements), words);
    return;
  }
  const values = scope.view(x);
  const results = scope.view(y);
  for (let start = 0; start < count; start += columns.channels) {
    for (let channel = 0; channel < columns.channels; channel++) {
      const centred = values[start + channel]! - rounded[channel]!;
      results[start + channel] = centred * factor[channel]! + rest[channel]!;
    }
  }
}

/** Returns the numbers of a `[channels]` tensor, or `missing` for each channel without one. */
export function channelValues(
  scope: KernelScope,
  list: TensorInfo | null | undefined,
  channels: number,
  missing: number,
): Float64Array {
  return list ? Float64Array.from(scope.view(list)) : new Float64Array(channels).fill(missing);
}
