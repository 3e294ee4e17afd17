import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { chunkElements, chunksOf } from './chunks.ts';
import { transposeTask } from './elementwise-task-ids.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { type NativeModule, nativeModule } from './native-module.ts';
import { type CopyAxis, mergeAxes, stridedCopy, stridesOf } from './strided-copy.ts';

/** Maximum axes besides the two that are exchanged. */
const maxOuterAxes = 4;

/**
 * `Transpose`: copies runs if the last axis stays last, else blocks of 4 × 4 of the axes that are last in source and
 * target. A transpose that moves nothing shares the memory. The stock kernel copies element by element.
 */
export const transpose: ScopedKernel<{ x: TensorInfo }, { perm: number[] }> = (scope, { x }, { perm }) => {
  const native = nativeModule(scope.backend);
  const shape = perm.map((axis) => x.shape[axis]!);
  const strides = stridesOf(x.shape);
  const targetStrides = stridesOf(shape);
  const axes = mergeAxes(
    shape.map((size, axis) => ({
      size,
      sourceStep: strides[perm[axis]!]!,
      targetStep: targetStrides[axis]!,
    })),
  );
  const last = axes.at(-1);
  const bytes = x.dtype === 'string' ? 0 : util.bytesPerElement(x.dtype);
  const isTiled = last !== undefined && last.sourceStep !== 1;
  const fits = !isTiled || (bytes === 4 && axes.length <= maxOuterAxes + 2);
  if (!native || bytes === 0 || bytes > 4 || !fits) return scope.run('Transpose', { x }, { perm });
  if (axes.length <= 1 && !isTiled) return scope.reshape(x, shape);
  const output = scope.allocate(shape, x.dtype);
  if (util.sizeFromShape(shape) === 0) return output;
  if (isTiled) exchangeAxes(native, native.address(x), native.address(output), axes);
  else stridedCopy(native, native.address(x), native.address(output), bytes, axes);
  return output;
};

/** Exchanges the last axis of the target and the last axis of the source, for each index of the other axes. */
function exchangeAxes(native: NativeModule, source: number, target: number, axes: CopyAxis[]): void {
  const rows = axes.at(-1)!;
  const columns = axes.find(({ sourceStep }) => sourceStep === 1)!;
  const outer = axes.filter((axis) => axis !== rows && axis !== columns);
  const rowsOfBlock = 16 * Math.max(1, Math.floor(chunkElements / columns.size / 16));
  const blocks = chunksOf(rows.size, rowsOfBlock);
  const total = blocks * outer.reduce((product, { size }) => product * size, 1);
  const blocksOfChunk = Math.max(
    1,
    Math.floor(chunkElements / (Math.min(rows.size, rowsOfBlock) * columns.size)),
  );
  const padded = (values: number[]) => [...values, ...Array<number>(maxOuterAxes - values.length).fill(0)];
  native.run(transposeTask, chunksOf(total, blocksOfChunk), [
    ...[source, target, rows.size, columns.size, 4 * rows.sourceStep, 4 * columns.targetStep],
    ...[blocks, rowsOfBlock, total, blocksOfChunk, outer.length],
    ...padded(outer.map(({ size }) => size)),
    ...padded(outer.map(({ sourceStep }) => 4 * sourceStep)),
    ...padded(outer.map(({ targetStep }) => 4 * targetStep)),
  ]);
}
