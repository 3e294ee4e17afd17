import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { chunkElements, chunksOf } from './chunks.ts';
import { requireFloats, requireSize } from './columns.ts';
import { sgdStepTask } from './elementwise-task-ids.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';
import { reuseOperand } from './reuse-operand.ts';
import { sgdNumbers } from './update-numbers.ts';

/** Attributes of `SgdStep`. */
export interface SgdAttributes {
  learningRate: number;
  momentum: number;
  weightDecay: number;
  nesterov: boolean;
}

/**
 * `SgdStep`, as in PyTorch: `g = gradient + weightDecay · parameter` and `v = momentum · velocity + g`. Returns the new
 * parameter and v. The new parameter is `parameter − learningRate · v`. With Nesterov's momentum it is
 * `parameter − learningRate · (g + momentum · v)`.
 *
 * Results overwrite the gradient and the velocity unless other tensors share their memory. The parameter keeps its
 * memory: its new value has another data id, because XNNPACK caches packed weights by data id.
 */
export const sgdStep: ScopedKernel<
  { parameter: TensorInfo; gradient: TensorInfo; velocity: TensorInfo },
  SgdAttributes,
  TensorInfo[]
> = (scope, { parameter, gradient, velocity }, attributes) => {
  const { learningRate, momentum, weightDecay, nesterov } = attributes;
  const count = util.sizeFromShape(parameter.shape);
  requireFloats('SgdStep', { parameter, gradient, velocity });
  requireSize('SgdStep', 'gradient', gradient, parameter, count);
  requireSize('SgdStep', 'velocity', velocity, parameter, count);
  const operands = [parameter, gradient, velocity] as const;
  const newParameter = reuseOperand(scope, operands, 1);
  const newVelocity = reuseOperand(scope, operands, 2);
  const native = nativeModule(scope.backend);
  if (native) {
    const tensors = [...operands, newParameter, newVelocity].map(native.address);
    const words = [count, chunkElements, ...tensors, Number(nesterov)];
    native.run(sgdStepTask, chunksOf(count, chunkElements), words, sgdNumbers(attributes));
    return [newParameter, newVelocity];
  }
  const [p, g, v, nextP, nextV] = scope.views(...operands, newParameter, newVelocity);
  for (let index = 0; index < count; index++) {
    const slope = g[index]! + weightDecay * p[index]!;
    const speed = momentum * v[index]! + slope;
    const value = p[index]! - learningRate * (nesterov ? slope + momentum * speed : speed);
    nextV[index] = speed;
    nextP[index] = value;
  }
  return [newParameter, newVelocity];
};
