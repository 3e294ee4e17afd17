import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { ScopedKernel } from './kernel-scope.ts';

/**
 * `Cast`. The stock kernel writes numbers into truth values without comparison with zero: 0.5 becomes false, and −1 becomes
 * 255.
 */
export const cast: ScopedKernel<{ x: TensorInfo }, { dtype: DataType }> = (scope, { x }, { dtype }) => {
  const isNumber = x.dtype === 'float32' || x.dtype === 'int32';
  if (dtype !== 'bool' || !isNumber) return scope.run('Cast', { x }, { dtype });
  const output = scope.allocate(x.shape, 'bool');
  const [values, results] = [scope.view(x), scope.view(output)];
  values.forEach((value, index) => {
    results[index] = value === 0 ? 0 : 1;
  });
  return output;
};
