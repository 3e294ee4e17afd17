import { type backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { chunkElements, chunksOf } from './chunks.ts';
import { columnConstants, columnsOf, rowWidth } from './columns.ts';
import {
  activationTask,
  eluActivation,
  leakyReluActivation,
  linearActivation,
  preluActivation,
  relu6Activation,
  reluActivation,
  sigmoidActivation,
} from './elementwise-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import type { StockKernelName } from './stock-kernels.ts';

/** Numbers of the activations in assembly/column-maps.ts. */
export const activationNumbers: Readonly<Partial<Record<backend_util.Activation, number>>> = {
  linear: linearActivation,
  relu: reluActivation,
  relu6: relu6Activation,
  elu: eluActivation,
  sigmoid: sigmoidActivation,
  leakyrelu: leakyReluActivation,
  prelu: preluActivation,
};

/** Stock kernels that apply an activation by itself. */
export const activationKernels: Readonly<Partial<Record<backend_util.Activation, StockKernelName>>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  leakyrelu: 'LeakyRelu',
};

/** Operands of {@link activate} besides x. */
export interface ActivationStep {
  readonly activation: number;
  /** Term that is added before the activation. Must {@link repeatsIn} x. */
  readonly bias?: TensorInfo | null | undefined;
  /** The slopes of prelu. Must {@link repeatsIn} x. */
  readonly slopes?: TensorInfo | null | undefined;
  /** The slope of leaky relu. */
  readonly slope?: number | undefined;
}

/** Writes `activation(x + bias)` to `y`, which may share the memory of `x`, in one pass. */
export function activate(
  scope: KernelScope,
  native: NativeModule,
  x: TensorInfo,
  y: TensorInfo,
  { activation, bias, slopes, slope = 0 }: ActivationStep,
): void {
  const count = util.sizeFromShape(x.shape);
  if (count === 0) return;
  const biases = bias ? scope.read(bias) : new Float32Array(1);
  const lists = slopes ? [biases, scope.read(slopes)] : [biases];
  // Both repeat along trailing axes of x, so the shorter list also repeats within the longer one.
  const width = rowWidth(columnsOf(x, Math.max(...lists.map(({ length }) => length))));
  const constants = columnConstants(scope, native, width, lists);
  const words = [count, width, chunkElements, native.address(x), native.address(y), activation, ...constants];
  native.run(activationTask, chunksOf(count, chunkElements), words, [slope]);
}

/** Whether broadcasting `small` to `shape` repeats its values in order, which holds if it has the last axes of `shape`. */
export function repeatsIn(shape: readonly number[], small: readonly number[]): boolean {
  const first = small.findIndex((size) => size !== 1);
  const own = first < 0 ? [] : small.slice(first);
  if (own.length > shape.length || small.length > shape.length) return false;
  return own.every((size, axis) => size === shape[shape.length - own.length + axis]);
}
