import type { TensorInfo } from '@tensorflow/tfjs-core';
import { chunkElements, chunksOf, rowsOfChunk } from './chunks.ts';
import { type Columns, rowWidth } from './columns.ts';
import { columnSumsTask, finishSumsTask } from './elementwise-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';

/** Sums of parts of the rows, in float64, that have yet to be added up. */
export interface PartialSums {
  /** `[parts][slabs][quantities][stride]` float64, in the room of twice as many float32. */
  readonly memory: TensorInfo;
  readonly parts: number;
  readonly slabs: number;
  readonly quantities: number;
  /** Elements from one list of sums to the next, of which the first `width` are in use. */
  readonly stride: number;
  readonly width: number;
  readonly channels: number;
}

/** At most this many parts of a slab: each has sums of its own to be added up at the end. */
const mostParts = 32;
const tileColumns = 1024;

/**
 * Sums over the rows of each of `slabs` slabs, by the compiled kernels: `kind` and `operands` as in
 * assembly/column-sums.ts.
 */
export function columnSums(
  scope: KernelScope,
  native: NativeModule,
  { rows, channels, slabs = 1 }: Columns & { slabs?: number },
  { kind, quantities, operands }: { kind: number; quantities: number; operands: readonly number[] },
): PartialSums {
  const width = rowWidth({ rows, channels });
  const stride = Math.ceil(width / 4) * 4;
  const slabSize = rows * channels;
  const wideRows = Math.floor(slabSize / width);
  const wanted = Math.min(mostParts, chunksOf(slabSize, chunkElements));
  const tiles = Math.min(wanted, chunksOf(width, tileColumns));
  const tileWidth = 4 * Math.ceil(width / Math.max(1, tiles) / 4);
  const rowsOfPart = 4 * Math.max(1, Math.ceil(wideRows / Math.ceil(wanted / tiles) / 4));
  const parts = Math.max(1, chunksOf(wideRows, rowsOfPart));
  const slabsOfChunk = rowsOfChunk(slabSize);
  const memory = scope.allocate([parts * slabs * quantities * stride * 2]);
  const chunks = chunksOf(slabs, slabsOfChunk) * parts * chunksOf(width, tileWidth);
  const layout = [stride, slabs, slabSize, width, slabsOfChunk, parts, rowsOfPart, tileWidth];
  native.run(columnSumsTask, chunks, [native.address(memory), kind, quantities, ...layout, ...operands]);
  return { memory, parts, slabs, quantities, stride, width, channels };
}

/** For each quantity, the sums of the channels in float64. For one slab. */
export function channelSums(scope: KernelScope, sums: PartialSums): Float64Array[] {
  const { memory, parts, quantities, stride, width, channels } = sums;
  const { buffer, byteOffset } = scope.view(memory);
  const values = new Float64Array(buffer, byteOffset, parts * quantities * stride);
  return Array.from({ length: quantities }, (_, quantity) => {
    const totals = new Float64Array(channels);
    for (let part = 0; part < parts; part++) {
      const begin = (part * quantities + quantity) * stride;
      for (let column = 0; column < width; column++) totals[column % channels]! += values[begin + column]!;
    }
    return totals;
  });
}

/** Writes sums of one quantity, divided, to `output` `[slabs, channels]`. */
export function finishSums(
  native: NativeModule,
  { memory, parts, slabs, stride, width, channels }: Omit<PartialSums, 'quantities'>,
  output: TensorInfo,
  divisor: number,
): void {
  const { address } = native;
  const results = rowsOfChunk((parts * width) / channels);
  const words = [address(memory), parts, slabs, stride, width, channels, address(output), divisor, results];
  native.run(finishSumsTask, chunksOf(slabs * channels, results), words);
}
