import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { avgPoolGradTask, maxPoolGradTask } from './elementwise-task-ids.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { type NativeModule, nativeModule } from './native-module.ts';

interface PoolAttributes {
  filterSize: number | [number, number];
  strides: number | [number, number];
  pad: Parameters<typeof backend_util.computePool2DInfo>[4];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * `MaxPoolGrad`: each output's gradient goes to the first largest value of its window. The stock kernel is right, but asks for
 * each input which outputs it was the largest of.
 */
export const maxPoolGrad: ScopedKernel<
  { dy: TensorInfo; input: TensorInfo; output: TensorInfo },
  PoolAttributes
> = (scope, inputs, attributes) => {
  const { dy, input } = inputs;
  const native = nativeModule(scope.backend);
  if (!native || dy.dtype !== 'float32' || input.dtype !== 'float32') {
    return scope.run('MaxPoolGrad', { ...inputs }, attributes);
  }
  return poolGradient(scope, native, maxPoolGradTask, dy, input, attributes);
};

/**
 * `AvgPoolGrad`: each output's gradient is shared by the values of its window. Padding counts nothing, as in the forward kernel;
 * the stock kernel and the one of the cpu backend divide by the size of the whole filter there too.
 */
export const avgPoolGrad: ScopedKernel<{ dy: TensorInfo; input: TensorInfo }, PoolAttributes> = (
  scope,
  inputs,
  attributes,
) => {
  const { dy, input } = inputs;
  const native = nativeModule(scope.backend);
  if (!native || dy.dtype !== 'float32') return scope.run('AvgPoolGrad', { ...inputs }, attributes);
  return poolGradient(scope, native, avgPoolGradTask, dy, input, attributes);
};

function poolGradient(
  scope: KernelScope,
  native: NativeModule,
  task: number,
  dy: TensorInfo,
  input: TensorInfo,
  { filterSize, strides, pad, dimRoundingMode }: PoolAttributes,
): TensorInfo {
  const info = backend_util.computePool2DInfo(
    input.shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const dx = scope.allocate(input.shape);
  if (util.sizeFromShape(input.shape) === 0) return dx;
  native.run(task, info.batchSize, [
    ...[dy, dx, input].map(native.address),
    ...[info.inChannels, info.inHeight, info.inWidth, info.outHeight, info.outWidth],
    ...[info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth],
    ...[info.padInfo.top, info.padInfo.left],
  ]);
  return dx;
}
