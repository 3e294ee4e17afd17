import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelScope } from './kernel-scope.ts';

/**
 * Memory for a result in place of the operand number `index`, which the caller of the kernel gives up; in the shape of the
 * first operand. It is the operand's own memory where nobody else holds it, other operands included; else new memory. The
 * operand's values are still there: each is to be read before its place is written.
 */
export function takeOver(scope: KernelScope, operands: readonly TensorInfo[], index: number): TensorInfo {
  const { dataId } = operands[index]!;
  const { shape } = operands[0]!;
  const elsewhere = operands.some((other, place) => place !== index && other.dataId === dataId);
  const own = scope.backend.refCount(dataId) === 1 && !elsewhere;
  return own ? scope.reshape(operands[index]!, shape) : scope.allocate(shape);
}
