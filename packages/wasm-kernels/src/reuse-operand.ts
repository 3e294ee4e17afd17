import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelScope } from './kernel-scope.ts';

/**
 * Returns a tensor for a result, in the shape of the first operand. It reuses the memory of operand `index` unless another
 * tensor or operand shares that memory. The operand keeps its values until they are overwritten, so read each value first.
 */
export function reuseOperand(scope: KernelScope, operands: readonly TensorInfo[], index: number): TensorInfo {
  const { dataId } = operands[index]!;
  const { shape } = operands[0]!;
  const isShared = operands.some((other, place) => place !== index && other.dataId === dataId);
  const isReusable = scope.backend.refCount(dataId) === 1 && !isShared;
  return isReusable ? scope.reshape(operands[index]!, shape) : scope.allocate(shape);
}
