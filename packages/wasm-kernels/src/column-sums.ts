import type { TensorInfo } from '@tensorflow/tfjs-core';
import { chunkElements, chunksOf, rowsOfChunk } from './chunks.ts';
import { type Columns, rowWidth } from './columns.ts';
import { columnSumsTask, finishSumsTask } from './elementwise-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';

/** Float64 sums over parts of the rows, before they are added up. */
export interface PartialSums {
  /** `[parts][slabs][stride / 4][quantities][4]` float64, in a tensor with twice as many float32 elements. */
  readonly memory: TensorInfo;
  readonly parts: number;
  readonly slabs: number;
  readonly quantities: number;
  /** Columns of a row of sums. The first `width` are in use. */
  readonly stride: number;
  readonly width: number;
  readonly channels: number;
}

/** Maximum parts of a slab. Each has sums of its own, which are added up at the end. */
const maxParts = 32;
/** Columns of a tile, so few that the level 1 cache holds their sums. */
const tileColumns = 512;

/** Sums the rows of each slab with the compiled kernels. assembly/column-sums.ts defines `kind` and `operands`. */
export function columnSums(
  scope: KernelScope,
  native: NativeModule,
  { rows, channels, slabs = 1 }: Columns & { slabs?: number },
  { kind, quantities, operands }: { kind: number; quantities: number; operands: readonly number[] },
): PartialSums {
  const width = rowWidth({ rows, channels });
  const stride = 4 * Math.ceil(width / 4);
  const slabSize = rows * channels;
  const wideRows = Math.ceil(slabSize / width);
  const tiles = chunksOf(width, tileColumns);
  const requestedParts = chunksOf(Math.min(maxParts, chunksOf(slabSize, chunkElements)), tiles);
  const rowsOfPart = Math.ceil(wideRows / requestedParts);
  const parts = chunksOf(wideRows, rowsOfPart);
  const slabsOfChunk = rowsOfChunk(slabSize);
  const memory = scope.allocate([parts * slabs * quantities * stride * 2]);
  const layout = [stride, slabs, slabSize, width, slabsOfChunk, parts, rowsOfPart, tileColumns];
  const words = [native.address(memory), kind, quantities, ...layout, ...operands];
  native.run(columnSumsTask, chunksOf(slabs, slabsOfChunk) * parts * tiles, words);
  return { memory, parts, slabs, quantities, stride, width, channels };
}

/** Adds up the parts of one quantity, divides, and writes the results to `output` `[slabs, channels]`. */
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
