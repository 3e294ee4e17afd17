import { type DataType, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { ScopedKernel } from './kernel-scope.ts';

/**
 * `OneHot` for every dtype. The stock kernel writes 32-bit integers for every dtype: float32 results read as 1.4e-45, bool
 * results overflow their memory, and fractional values are lost.
 */
export const oneHot: ScopedKernel<
  { indices: TensorInfo },
  { depth: number; onValue: number; offValue: number; dtype?: DataType }
> = (scope, { indices }, { depth, onValue, offValue, dtype = 'int32' }) => {
  const output = scope.allocate([...indices.shape, depth], dtype);
  const values = scope.view(output).fill(offValue);
  const positions = scope.view(indices);
  const count = util.sizeFromShape(indices.shape);
  for (let row = 0; row < count; row++) {
    const position = positions[row]!;
    if (position >= 0 && position < depth) values[row * depth + position] = onValue;
  }
  return output;
};
