import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { chunksOf, rowsOfChunk } from './chunks.ts';
import { segmentSumTask } from './elementwise-task-ids.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { type NativeModule, nativeModule } from './native-module.ts';

/**
 * `UnsortedSegmentSum`: `out[s] = Σ_{i: segmentIds[i] = s} x[i]`, the gradient of `gather`. Drops rows whose id is out
 * of range. As on the cpu backend, the result is float32 for every dtype of x.
 */
export const unsortedSegmentSum: ScopedKernel<
  { x: TensorInfo; segmentIds: TensorInfo },
  { numSegments: number }
> = (scope, { x, segmentIds }, { numSegments }) => {
  if (segmentIds.shape.length !== 1 || segmentIds.shape[0] !== x.shape[0]) {
    throw new Error(
      `UnsortedSegmentSum requires one segment id for each row of x, but x has shape [${x.shape}] and segmentIds ` +
        `[${segmentIds.shape}].`,
    );
  }
  const rowShape = x.shape.slice(1);
  const rowSize = util.sizeFromShape(rowShape);
  const outputShape = [numSegments, ...rowShape];
  const values = x.dtype === 'float32' ? x : scope.run('Cast', { x }, { dtype: 'float32' });
  const native = nativeModule(scope.backend);
  if (native) return nativeSums(scope, native, values, segmentIds, outputShape);

  // ScatterNd adds rows with equal indices but does not check them, so rows out of range are removed first.
  const ids = scope.read(segmentIds);
  const rows = Int32Array.from(ids.keys()).filter((row) => ids[row]! >= 0 && ids[row]! < numSegments);
  if (rows.length === 0 || rowSize === 0) return scope.zeros(outputShape);
  let updates = scope.reshape(values, [ids.length, rowSize]);
  if (rows.length < ids.length) {
    const indices = intTensor(scope, rows, [rows.length]);
    updates = scope.run('GatherV2', { x: updates, indices }, { axis: 0, batchDims: 0 });
  }
  const indices = intTensor(
    scope,
    rows.map((row) => ids[row]!),
    [rows.length, 1],
  );
  const sums = scope.run('ScatterNd', { indices, updates }, { shape: [numSegments, rowSize] });
  return scope.reshape(sums, outputShape);
};

/** Sums each segment with the compiled kernel, in the order of its rows, from a list of the rows by segment. */
function nativeSums(
  scope: KernelScope,
  native: NativeModule,
  x: TensorInfo,
  segmentIds: TensorInfo,
  outputShape: number[],
): TensorInfo {
  const numSegments = outputShape[0]!;
  const rowSize = util.sizeFromShape(outputShape.slice(1));
  const ids = scope.read(segmentIds);
  const starts = new Int32Array(numSegments + 1);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (id >= 0 && id < numSegments) starts[id + 1]!++;
  }
  for (let segment = 0; segment < numSegments; segment++) starts[segment + 1]! += starts[segment]!;
  const next = starts.slice();
  const order = new Int32Array(starts[numSegments]!);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (id >= 0 && id < numSegments) order[next[id]!++] = row;
  }

  const output = scope.allocate(outputShape);
  const lists = [intTensor(scope, starts, [starts.length]), intTensor(scope, order, [order.length])];
  const segmentsOfChunk = rowsOfChunk(rowSize);
  native.run(segmentSumTask, chunksOf(numSegments, segmentsOfChunk), [
    ...[x, output].map(native.address),
    ...[rowSize, numSegments, segmentsOfChunk],
    ...lists.map(native.address),
  ]);
  return output;
}

function intTensor(scope: KernelScope, content: Int32Array, shape: number[]): TensorInfo {
  const tensor = scope.allocate(shape, 'int32');
  scope.view(tensor).set(content);
  return tensor;
}
