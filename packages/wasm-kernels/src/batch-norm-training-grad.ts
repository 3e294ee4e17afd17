import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  type BatchNormGradientAttributes,
  type BatchNormGradientInputs,
  type BatchNormGradientOutputs,
  checkOperands,
} from './batch-norm-operands.ts';
import { batchNormParameters, batchNormSums, tasksOf } from './batch-norm-tasks.ts';
import { chunksOf, rowsOfChunk } from './chunks.ts';
import { columnsOf } from './columns.ts';
import {
  batchNormGradientMapTask,
  batchNormGradientParametersTask,
  gradientSums,
  slopedGradientSums,
} from './elementwise-task-ids.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { type NativeModule, nativeModule } from './native-module.ts';
import { plainBatchNormGradient } from './plain-batch-norm.ts';
import { reuseOperand } from './reuse-operand.ts';

/**
 * `BatchNormTrainingGrad`: the gradients of x, scale, offset and, if there is a PReLU, of its slope. The gradient of x
 * includes the batch statistics.
 *
 * With `x̂ = (x − mean) / deviation` and g the gradient before the PReLU: `dOffset = Σ g`, `dScale = Σ g x̂` and
 * `dx = scale / deviation · (g − dOffset / rows − x̂ dScale / rows)`. One pass computes the sums, a second one dx. Both
 * compute the normalised values again.
 */
export const batchNormTrainingGrad: ScopedKernel<
  BatchNormGradientInputs,
  BatchNormGradientAttributes,
  TensorInfo[]
> = (scope, inputs, attributes) => {
  checkOperands('BatchNormTrainingGrad', inputs);
  const { x, dy, slope, otherGradient } = inputs;
  if (slope && otherGradient) {
    throw new Error('BatchNormTrainingGrad takes a slope or another gradient, but got both.');
  }
  const { channels } = columnsOf(x);
  const outputs: BatchNormGradientOutputs = {
    dx: attributes.mayOverwrite ? reuseGradient(scope, x, dy, otherGradient) : scope.allocate(x.shape),
    dScale: scope.allocate([channels]),
    dOffset: scope.allocate([channels]),
    dSlope: slope && scope.allocate(slope.shape),
  };
  const native = nativeModule(scope.backend);
  if (native) runNative(scope, native, inputs, attributes, outputs);
  else plainBatchNormGradient(scope, inputs, attributes, outputs);
  const { dx, dScale, dOffset, dSlope } = outputs;
  return [dx, dScale, dOffset, ...(dSlope ? [dSlope] : [])];
};

/** Returns a tensor in the shape of x, on the memory of one of the gradients if nothing else uses it. */
function reuseGradient(
  scope: KernelScope,
  x: TensorInfo,
  dy: TensorInfo,
  otherGradient: TensorInfo | undefined,
): TensorInfo {
  const operands = otherGradient ? [x, dy, otherGradient] : [x, dy];
  const isFree = ({ dataId }: TensorInfo) => scope.backend.refCount(dataId) === 1;
  return reuseOperand(scope, operands, otherGradient && !isFree(dy) ? 2 : 1);
}

function runNative(
  scope: KernelScope,
  native: NativeModule,
  inputs: BatchNormGradientInputs,
  { varianceEpsilon: epsilon }: BatchNormGradientAttributes,
  { dx, dScale, dOffset, dSlope }: BatchNormGradientOutputs,
): void {
  const { dy, x, variance, meanError, scale, slope, otherGradient } = inputs;
  const tasks = tasksOf(x);
  const { count, width, channels } = tasks;
  const { addresses } = native;
  if (count === 0) {
    for (const list of [dScale, dOffset, ...(dSlope ? [dSlope] : [])]) scope.view(list).fill(0);
    return;
  }
  const parameters = batchNormParameters(scope, native, tasks, inputs, epsilon);
  const kind = slope ? slopedGradientSums : gradientSums;
  const { memory, parts } = batchNormSums(scope, native, tasks, { kind, x, dy, parameters });
  const lists = addresses(parameters, variance, meanError, scale, dScale, dOffset, dSlope);
  const words = [native.address(memory), count, width, parts, channels, ...lists];
  native.run(batchNormGradientParametersTask, 1, words, [epsilon]);
  const tensors = [
    ...addresses(x, dy, dx, parameters),
    Number(slope !== undefined),
    ...addresses(otherGradient),
  ];
  const rows = rowsOfChunk(width);
  native.run(batchNormGradientMapTask, chunksOf(count, rows * width), [count, width, rows, ...tensors]);
}
