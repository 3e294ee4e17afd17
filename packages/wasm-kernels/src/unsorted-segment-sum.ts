import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { ScopedKernel } from './kernel-scope.ts';

/**
 * `UnsortedSegmentSum`: `out[s] = Σ_{i: segmentIds[i] = s} x[i]`, the gradient of `gather`.
 *
 * `ScatterNd` adds up rows with equal indices, but does not check them: rows whose id is out of range are taken
 * out first.
 */
export const unsortedSegmentSum: ScopedKernel<
  { x: TensorInfo; segmentIds: TensorInfo },
  { numSegments: number }
> = (scope, { x, segmentIds }, { numSegments }) => {
  if (segmentIds.shape.length !== 1 || segmentIds.shape[0] !== x.shape[0]) {
    throw new Error(
      `UnsortedSegmentSum takes one segment id for each row of x, but x has shape [${x.shape}] and segmentIds ` +
        `[${segmentIds.shape}].`,
    );
  }
  const rowShape = x.shape.slice(1);
  const rowSize = util.sizeFromShape(rowShape);
  const outputShape = [numSegments, ...rowShape];
  const ids = Int32Array.from(scope.view(segmentIds));
  const rows = Int32Array.from(ids.keys()).filter((row) => ids[row]! >= 0 && ids[row]! < numSegments);
  // As on the cpu backend the result is float32 whatever the dtype of x.
  const values = x.dtype === 'float32' ? x : scope.run('Cast', { x }, { dtype: 'float32' });
  if (rows.length === 0 || rowSize === 0) return scope.zeros(outputShape);

  let updates = scope.reshape(values, [ids.length, rowSize]);
  if (rows.length < ids.length) {
    const indices = intTensor(rows, [rows.length]);
    updates = scope.run('GatherV2', { x: updates, indices }, { axis: 0, batchDims: 0 });
  }
  const indices = intTensor(
    rows.map((row) => ids[row]!),
    [rows.length, 1],
  );
  const sums = scope.run('ScatterNd', { indices, updates }, { shape: [numSegments, rowSize] });
  return scope.reshape(sums, outputShape);

  function intTensor(content: Int32Array, shape: number[]): TensorInfo {
    const tensor = scope.allocate(shape, 'int32');
    scope.view(tensor).set(content);
    return tensor;
  }
};
