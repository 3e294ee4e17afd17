import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { requireFloats } from './columns.ts';
import { avgPoolGradTask, maxPoolGradTask } from './elementwise-task-ids.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';

interface PoolAttributes {
  filterSize: number | [number, number];
  strides: number | [number, number];
  pad: Parameters<typeof backend_util.computePool2DInfo>[4];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * `MaxPoolGrad`: adds each output's gradient to the first largest value of its window. The stock kernel drops the
 * gradient of windows without a positive value, and searches the outputs of each input.
 */
export const maxPoolGrad: ScopedKernel<
  { dy: TensorInfo; input: TensorInfo; output: TensorInfo },
  PoolAttributes
> = (scope, { dy, input }, attributes) => {
  return poolGradient(scope, 'MaxPoolGrad', dy, input, attributes);
};

/**
 * `AvgPoolGrad`: divides each output's gradient evenly among the values of its window, without padding, as in the
 * forward kernel. The stock kernel and the cpu backend divide by the size of the whole filter.
 */
export const avgPoolGrad: ScopedKernel<{ dy: TensorInfo; input: TensorInfo }, PoolAttributes> = (
  scope,
  { dy, input },
  attributes,
) => poolGradient(scope, 'AvgPoolGrad', dy, input, attributes);

function poolGradient(
  scope: KernelScope,
  kernelName: 'MaxPoolGrad' | 'AvgPoolGrad',
  dy: TensorInfo,
  input: TensorInfo,
  { filterSize, strides, pad, dimRoundingMode }: PoolAttributes,
): TensorInfo {
  requireFloats(kernelName, { dy, input });
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
  const native = nativeModule(scope.backend);
  if (native) {
    const task = kernelName === 'MaxPoolGrad' ? maxPoolGradTask : avgPoolGradTask;
    native.run(task, info.batchSize, [
      ...[dy, dx, input].map(native.address),
      ...[info.inChannels, info.inHeight, info.inWidth, info.outHeight, info.outWidth],
      ...[info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth],
      ...[info.padInfo.top, info.padInfo.left],
    ]);
    return dx;
  }
  const [gradients, values, results] = scope.views(dy, input, dx);
  results.fill(0);
  gradients.forEach((gradient, index) => {
    const window = windowOf(info, index);
    if (kernelName === 'AvgPoolGrad') {
      for (const place of window) results[place]! += gradient / window.length;
      return;
    }
    const largest = window.reduce(
      (best, place) => (values[place]! > (values[best] ?? -Infinity) ? place : best),
      -1,
    );
    if (largest >= 0) results[largest]! += gradient;
  });
  return dx;
}

/** Returns the indices of the inputs in an output's window, in row-major order. */
function windowOf(info: backend_util.Conv2DInfo, output: number): number[] {
  const { inChannels, inHeight, inWidth, outHeight, outWidth, padInfo } = info;
  const channel = output % inChannels;
  const pixel = Math.floor(output / inChannels);
  const image = Math.floor(pixel / (outWidth * outHeight));
  const top = (Math.floor(pixel / outWidth) % outHeight) * info.strideHeight - padInfo.top;
  const left = (pixel % outWidth) * info.strideWidth - padInfo.left;
  const indices: number[] = [];
  for (let y = Math.max(0, top); y < Math.min(inHeight, top + info.filterHeight); y++) {
    for (let x = Math.max(0, left); x < Math.min(inWidth, left + info.filterWidth); x++) {
      indices.push(((image * inHeight + y) * inWidth + x) * inChannels + channel);
    }
  }
  return indices;
}
