import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { chunksOf, rowsOfChunk } from './chunks.ts';
import { requireFloats, requireSize } from './columns.ts';
import { l2NormalizeGradTask, l2NormalizeTask } from './elementwise-task-ids.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';

/** Attributes of `L2Normalize` and its gradient. `epsilon` is the lower bound of the norm. */
export interface L2NormalizeAttributes {
  epsilon: number;
}

/**
 * `L2Normalize`: normalises the rows of x `[rows, size]`. Returns `y = x / max(‖x‖, ε)` and `1 / max(‖x‖, ε)` `[rows]`.
 * Sums and quotients in float64 neither overflow nor underflow for any float32.
 */
export const l2Normalize: ScopedKernel<{ x: TensorInfo }, L2NormalizeAttributes, TensorInfo[]> = (
  scope,
  { x },
  { epsilon },
) => {
  requireFloats('L2Normalize', { x });
  const { rows, size } = rowsOf(x);
  const y = scope.allocate(x.shape);
  const inverseNorm = scope.allocate([rows]);
  const native = nativeModule(scope.backend);
  if (native) {
    const perChunk = rowsOfChunk(size);
    const words = [rows, size, perChunk, ...[x, y, inverseNorm].map(native.address)];
    native.run(l2NormalizeTask, chunksOf(rows, perChunk), words, [epsilon]);
    return [y, inverseNorm];
  }
  const [values, results, inverses] = scope.views(x, y, inverseNorm);
  for (let row = 0; row < rows; row++) {
    const start = row * size;
    let squares = 0;
    for (let k = start; k < start + size; k++) squares += values[k]! ** 2;
    const inverse = 1 / Math.max(Math.sqrt(squares), Math.fround(epsilon));
    inverses[row] = inverse;
    for (let k = start; k < start + size; k++) results[k] = values[k]! * inverse;
  }
  return [y, inverseNorm];
};

/**
 * `L2NormalizeGrad`: returns the gradient of x, `(dy − (dy · y) y) / ‖x‖`, from the gradient of y and the results of
 * `L2Normalize`. If the norm is below ε, the divisor is constant and the gradient is `dy / ε`.
 */
export const l2NormalizeGrad: ScopedKernel<
  { dy: TensorInfo; y: TensorInfo; inverseNorm: TensorInfo },
  L2NormalizeAttributes
> = (scope, { dy, y, inverseNorm }, { epsilon }) => {
  requireFloats('L2NormalizeGrad', { dy, y, inverseNorm });
  const { rows, size } = rowsOf(y);
  requireSize('L2NormalizeGrad', 'dy', dy, y, rows * size);
  requireSize('L2NormalizeGrad', 'inverseNorm', inverseNorm, y, rows);
  const dx = scope.allocate(y.shape);
  const native = nativeModule(scope.backend);
  if (native) {
    const perChunk = rowsOfChunk(size);
    const words = [rows, size, perChunk, ...[dy, y, inverseNorm, dx].map(native.address)];
    native.run(l2NormalizeGradTask, chunksOf(rows, perChunk), words, [epsilon]);
    return dx;
  }
  const [gradients, units, inverses, results] = scope.views(dy, y, inverseNorm, dx);
  const largest = Math.fround(1 / Math.fround(epsilon));
  for (let row = 0; row < rows; row++) {
    const start = row * size;
    let along = 0;
    if (inverses[row]! < largest) {
      for (let k = start; k < start + size; k++) along += gradients[k]! * units[k]!;
    }
    for (let k = start; k < start + size; k++) {
      results[k] = (gradients[k]! - along * units[k]!) * inverses[row]!;
    }
  }
  return dx;
};

function rowsOf({ shape }: TensorInfo): { rows: number; size: number } {
  const size = shape.at(-1) ?? 1;
  return { rows: util.sizeFromShape(shape.slice(0, -1)), size };
}
