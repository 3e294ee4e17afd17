import { normalizeRows, operation } from '@openset/core';
import { mul, reciprocal, reshape, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';

/** Returns the norms of rows, `[batch]`, at least 1e-5; differentiable. */
export function rowNorms(rows: Tensor2D): Tensor1D {
  return operation<Tensor1D>(
    [rows],
    () => {
      const { unit, inverseNorm } = normalizeRows(rows);
      return { value: reshape(reciprocal(inverseNorm), [rows.shape[0]]), saved: [unit] };
    },
    (dy, [unit]) => [mul(unit as Tensor2D, reshape(dy, [rows.shape[0], 1]))],
  );
}
