import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { chunkElements, chunksOf } from './chunks.ts';
import { requireFloats, requireSize } from './columns.ts';
import { adamWStepTask } from './elementwise-task-ids.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';
import { reuseOperand } from './reuse-operand.ts';
import { adamWNumbers } from './update-numbers.ts';

/** Attributes of `AdamWStep`. */
export interface AdamWAttributes {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Number of this step, counted from 1. */
  step: number;
}

/**
 * `AdamWStep`, as in PyTorch: with `m = β₁ m + (1 − β₁) g` and `v = β₂ v + (1 − β₂) g²`, the parameter becomes
 * `p (1 − learningRate · weightDecay) − learningRate · m / (1 − β₁ᵗ) / (√v / √(1 − β₂ᵗ) + ε)`. Returns the new parameter, m
 * and v.
 *
 * May overwrite the gradient and both moments, as `SgdStep` does.
 *
 * Reference: Loshchilov and Hutter, Decoupled Weight Decay Regularization, https://arxiv.org/abs/1711.05101
 */
export const adamWStep: ScopedKernel<
  { parameter: TensorInfo; gradient: TensorInfo; firstMoment: TensorInfo; secondMoment: TensorInfo },
  AdamWAttributes,
  TensorInfo[]
> = (scope, inputs, attributes) => {
  const { beta1, beta2 } = attributes;
  const { parameter, gradient, firstMoment, secondMoment } = inputs;
  const count = util.sizeFromShape(parameter.shape);
  requireFloats('AdamWStep', { ...inputs });
  for (const [name, tensor] of Object.entries(inputs)) {
    requireSize('AdamWStep', name, tensor, parameter, count);
  }
  const operands = [parameter, gradient, firstMoment, secondMoment] as const;
  const newParameter = reuseOperand(scope, operands, 1);
  const newFirst = reuseOperand(scope, operands, 2);
  const newSecond = reuseOperand(scope, operands, 3);
  const tensors = [...operands, newParameter, newFirst, newSecond] as const;
  const numbers = adamWNumbers(attributes);
  const native = nativeModule(scope.backend);
  if (native) {
    const words = [count, chunkElements, ...tensors.map(native.address)];
    native.run(adamWStepTask, chunksOf(count, chunkElements), words, numbers);
    return [newParameter, newFirst, newSecond];
  }
  const [keep, rate, correction, epsilon] = numbers.slice(4) as [number, number, number, number];
  const [p, g, m, v, nextP, nextM, nextV] = scope.views(...tensors);
  for (let index = 0; index < count; index++) {
    const slope = g[index]!;
    const first = beta1 * m[index]! + (1 - beta1) * slope;
    const second = beta2 * v[index]! + (1 - beta2) * slope * slope;
    const value = keep * p[index]! - (rate * first) / (Math.sqrt(second) * correction + epsilon);
    nextM[index] = first;
    nextV[index] = second;
    nextP[index] = value;
  }
  return [newParameter, newFirst, newSecond];
};
