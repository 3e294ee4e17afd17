import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { requireFloats } from './columns.ts';
import { avgPoolGradTask, maxPoolGradTask } from './elementwise-task-ids.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';
import { type PoolAttributes, poolGeometry } from './pool-geometry.ts';
import { indexOfLargest } from './pools.ts';
import { visitWindows } from './window-walk.ts';

type PoolGradient = ScopedKernel<{ dy: TensorInfo; input: TensorInfo }, PoolAttributes>;

/**
 * `MaxPoolGrad` and `MaxPool3DGrad`: add each output's gradient to the first largest value of its window. The stock
 * kernels drop the gradient of windows without a positive value.
 */
export const maxPoolGrad = gradientKernel('MaxPoolGrad');
export const maxPool3DGrad = gradientKernel('MaxPool3DGrad');

/**
 * `AvgPoolGrad` and `AvgPool3DGrad`: divide each output's gradient evenly among the values of its window, without padding,
 * as in the forward kernels. The stock kernels and the cpu backend divide by the size of the whole filter.
 */
export const avgPoolGrad = gradientKernel('AvgPoolGrad');
export const avgPool3DGrad = gradientKernel('AvgPool3DGrad');

function gradientKernel(
  kernelName: 'MaxPoolGrad' | 'AvgPoolGrad' | 'MaxPool3DGrad' | 'AvgPool3DGrad',
): PoolGradient {
  return (scope, { dy, input }, attributes) => poolGradient(scope, kernelName, dy, input, attributes);
}

function poolGradient(
  scope: KernelScope,
  kernelName: string,
  dy: TensorInfo,
  input: TensorInfo,
  attributes: PoolAttributes,
): TensorInfo {
  requireFloats(kernelName, { dy, input });
  const geometry = poolGeometry(kernelName, input.shape, attributes, dy.shape);
  const { batch, channels, height, width } = geometry;
  const dx = scope.allocate(input.shape);
  if (util.sizeFromShape(input.shape) === 0) return dx;
  const toLargest = kernelName.startsWith('Max');
  const native = nativeModule(scope.backend);
  if (native && input.shape.length === 4) {
    native.run(toLargest ? maxPoolGradTask : avgPoolGradTask, batch, [
      ...[dy, dx, input].map(native.address),
      ...[channels, height.input, width.input, height.output, width.output],
      ...[height.kernel, width.kernel, height.stride, width.stride],
      ...[height.padBefore, width.padBefore],
    ]);
    return dx;
  }
  const [gradients, values, results] = scope.views(dy, input, dx);
  results.fill(0);
  visitWindows(geometry, (window, output) => {
    for (let channel = 0; channel < channels; channel++) {
      const gradient = gradients[output * channels + channel]!;
      if (toLargest) {
        const largest = indexOfLargest(window, values, channels, channel);
        if (largest >= 0) results[largest]! += gradient;
        continue;
      }
      const share = gradient / window.count;
      for (let index = 0; index < window.count; index++) {
        results[window.pixels[index]! * channels + channel]! += share;
      }
    }
  });
  return dx;
}
