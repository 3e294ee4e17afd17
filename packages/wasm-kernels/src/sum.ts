import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { chunksOf, rowsOfChunk } from './chunks.ts';
import { columnSums, finishSums } from './column-sums.ts';
import { plainSums, rowSumsTask } from './elementwise-task-ids.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { type NativeModule, nativeModule } from './native-module.ts';

type Reduction = ScopedKernel<{ x: TensorInfo }, { axis: number | number[]; keepDims: boolean }>;

/**
 * `Sum` in float64. The stock kernel adds float32 one after the other, and is 0.25 % off after a million values. Parts
 * have a fixed size and are added in order, so the bits do not depend on the number of threads.
 */
export const sum: Reduction = (scope, { x }, attributes) => {
  if (x.dtype !== 'float32') return scope.run('Sum', { x }, attributes);
  return reduce(scope, x, attributes, () => 1);
};

/** `Mean` in float64. */
export const mean: Reduction = (scope, { x }, attributes) => {
  if (x.dtype !== 'float32') return scope.run('Mean', { x }, attributes);
  return reduce(scope, x, attributes, (count) => Math.max(1, count));
};

function reduce(
  scope: KernelScope,
  x: TensorInfo,
  { axis, keepDims }: Parameters<Reduction>[2],
  divisorFor: (count: number) => number,
): TensorInfo {
  const axes = util.parseAxisParam(axis, x.shape);
  const [outShape, reducedShape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
  const shape = keepDims ? backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
  const divisor = divisorFor(util.sizeFromShape(reducedShape));
  if (util.sizeFromShape(x.shape) === 0) return scope.zeros(shape);
  let block = reducedBlock(x.shape, axes);
  let values = x;
  if (block === null) {
    values = scope.transpose(x, backend_util.getAxesPermutation(axes, x.shape.length)!);
    block = {
      outer: util.sizeFromShape(outShape),
      reduced: util.sizeFromShape(reducedShape),
      inner: 1,
    };
  }
  const output = scope.allocate(shape);
  const native = nativeModule(scope.backend);
  if (native) nativeSums(scope, native, values, block, output, divisor);
  else plainLoops(scope, values, block, output, divisor);
  return output;
}

/** Shape `[outer, reduced, inner]` of a tensor to be summed over its middle axis. */
interface Block {
  outer: number;
  reduced: number;
  inner: number;
}

/** Returns the shape as a block, or null unless the axes are adjacent, apart from axes of size 1. */
function reducedBlock(shape: readonly number[], axes: readonly number[]): Block | null {
  const block: Block = { outer: 1, reduced: 1, inner: 1 };
  let part: keyof Block = 'outer';
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    if (axes.includes(axis)) {
      if (part === 'inner') return null;
      part = 'reduced';
    } else if (part === 'reduced') {
      part = 'inner';
    }
    block[part] *= size;
  }
  return block;
}

function nativeSums(
  scope: KernelScope,
  native: NativeModule,
  x: TensorInfo,
  { outer, reduced, inner }: Block,
  output: TensorInfo,
  divisor: number,
): void {
  if (inner > 1) {
    const sums = columnSums(
      scope,
      native,
      { rows: reduced, channels: inner, slabs: outer },
      { kind: plainSums, quantities: 1, operands: [native.address(x)] },
    );
    finishSums(native, sums, output, divisor);
    return;
  }
  const segmentSize = 65536;
  const segments = chunksOf(reduced, segmentSize);
  const rows = rowsOfChunk(Math.min(reduced, segmentSize));
  const memory = scope.allocate(segments === 1 ? [0] : [segments * outer * 2]);
  const layout = [outer, reduced, rows, segments, segmentSize];
  const { address } = native;
  const words = [address(x), address(memory), ...layout, address(output), divisor];
  native.run(rowSumsTask, chunksOf(outer, rows) * segments, words);
  if (segments === 1) return;
  const parts = { parts: segments, slabs: outer, stride: 1, width: 1, channels: 1 };
  finishSums(native, { memory, ...parts }, output, divisor);
}

function plainLoops(
  scope: KernelScope,
  x: TensorInfo,
  { outer, reduced, inner }: Block,
  output: TensorInfo,
  divisor: number,
): void {
  const values = scope.view(x);
  const results = scope.view(output);
  const sums = new Float64Array(inner);
  for (let slab = 0; slab < outer; slab++) {
    sums.fill(0);
    for (let row = slab * reduced; row < (slab + 1) * reduced; row++) {
      for (let column = 0; column < inner; column++) sums[column]! += values[row * inner + column]!;
    }
    for (let column = 0; column < inner; column++) results[slab * inner + column] = sums[column]! / divisor;
  }
}
