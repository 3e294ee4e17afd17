import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  type BatchNormAttributes,
  type BatchNormInputs,
  type BatchNormOutputs,
  checkOperands,
} from './batch-norm-operands.ts';
import { batchNormParameters, batchNormSums, tasksOf } from './batch-norm-tasks.ts';
import { chunksOf, rowsOfChunk } from './chunks.ts';
import { columnsOf } from './columns.ts';
import { batchNormMapTask, batchNormStatisticsTask, momentSums } from './elementwise-task-ids.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { type NativeModule, nativeModule } from './native-module.ts';
import { plainBatchNorm } from './plain-batch-norm.ts';

/**
 * `BatchNormTraining`: batch norm with batch statistics, `y = scale (x − mean) / √(variance + ε) + offset` over all
 * axes but the last, followed by PReLU or by the sum with a shortcut. Returns y, then for each channel the mean, the biased
 * variance and the rounding error of the mean. With running statistics it also returns the new ones, which move towards the
 * mean and the unbiased variance.
 *
 * One pass computes the statistics: float64 sums of the exact differences from the first row, and of their squares. The
 * first row is at most `√rows` deviations from the mean, so the variance stays accurate for data far from zero.
 */
export const batchNormTraining: ScopedKernel<BatchNormInputs, BatchNormAttributes, TensorInfo[]> = (
  scope,
  inputs,
  attributes,
) => {
  checkOperands('BatchNormTraining', inputs);
  const { x, slope, shortcut, runningMean, runningVariance } = inputs;
  if (slope && shortcut) throw new Error('BatchNormTraining takes a slope or a shortcut, but got both.');
  const { channels } = columnsOf(x);
  const list = () => scope.allocate([channels]);
  const outputs: BatchNormOutputs = {
    ...{ y: scope.allocate(x.shape), mean: list(), variance: list(), meanError: list() },
    running: runningMean && runningVariance ? [list(), list()] : [],
  };
  const native = nativeModule(scope.backend);
  if (native) runNative(scope, native, inputs, attributes, outputs);
  else plainBatchNorm(scope, inputs, attributes, outputs);
  const { y, mean, variance, meanError, running } = outputs;
  return [y, mean, variance, meanError, ...running];
};

function runNative(
  scope: KernelScope,
  native: NativeModule,
  { x, scale, offset, slope, shortcut, runningMean, runningVariance }: BatchNormInputs,
  { varianceEpsilon, momentum = 0.9 }: BatchNormAttributes,
  { y, mean, variance, meanError, running }: BatchNormOutputs,
): void {
  const tasks = tasksOf(x);
  const { count, width, channels } = tasks;
  const { addresses } = native;
  if (count === 0) {
    for (const list of [mean, variance, meanError, ...running]) scope.view(list).fill(Number.NaN);
    return;
  }
  const { memory, parts } = batchNormSums(scope, native, tasks, { kind: momentSums, x });
  const before = addresses(runningMean, runningVariance);
  const after = addresses(running[0], running[1]);
  const statistics = [...addresses(mean, variance, meanError), ...before, ...after];
  const words = [native.address(memory), count, width, parts, channels, native.address(x), ...statistics];
  native.run(batchNormStatisticsTask, 1, words, [momentum]);
  const lists = { mean, variance, meanError, scale, offset, slope };
  const parameters = batchNormParameters(scope, native, tasks, lists, varianceEpsilon);
  const tensors = [...addresses(x, y, parameters), Number(slope !== undefined), ...addresses(shortcut)];
  const rows = rowsOfChunk(width);
  native.run(batchNormMapTask, chunksOf(count, rows * width), [count, width, rows, ...tensors]);
}
