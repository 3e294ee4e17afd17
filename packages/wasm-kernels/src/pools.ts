import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { requireFloats } from './columns.ts';
import type { AxisGeometry } from './convolution-geometry.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { type PoolAttributes, type PoolGeometry, poolGeometry } from './pool-geometry.ts';
import { visitWindows, type Window } from './window-walk.ts';

type Pool = ScopedKernel<{ x: TensorInfo }, PoolAttributes>;

/**
 * `MaxPool` and `AvgPool`. XNNPACK computes the number of outputs itself and always rounds it down, and it takes the nearest
 * value for a window that consists of padding alone. Poolings that round up or have such windows are computed here.
 */
export const maxPool = imagePool('MaxPool', largestOfWindows);
export const avgPool = imagePool('AvgPool', meanOfWindows);

/** `MaxPool3D`. The stock kernel returns 1.2e-38 for a window without a positive value. */
export const maxPool3D: Pool = (scope, { x }, attributes) =>
  largestOfWindows(scope, x, poolGeometry('MaxPool3D', x.shape, attributes));

/**
 * `MaxPoolWithArgmax`: the largest value of each window, and its index in the image or in the batch. The stock kernel returns
 * 1.2e-38 for a window without a positive value.
 */
export const maxPoolWithArgmax: ScopedKernel<
  { x: TensorInfo },
  PoolAttributes & { includeBatchInIndex: boolean },
  TensorInfo[]
> = (scope, { x }, attributes) => {
  const geometry = poolGeometry('MaxPoolWithArgmax', x.shape, attributes);
  const { channels } = geometry;
  const largest = largestOfWindows(scope, x, geometry);
  const indices = scope.allocate(geometry.outShape, 'int32');
  const imageSize = util.sizeFromShape(x.shape.slice(1));
  const [values, results] = [scope.view(x), scope.view(indices)];
  visitWindows(geometry, (window, pixel) => {
    for (let channel = 0; channel < channels; channel++) {
      const index = indexOfLargest(window, values, channels, channel);
      results[pixel * channels + channel] =
        attributes.includeBatchInIndex || index < 0 ? index : index % imageSize;
    }
  });
  return [largest, indices];
};

function imagePool(kernelName: 'MaxPool' | 'AvgPool', compute: typeof largestOfWindows): Pool {
  return (scope, { x }, attributes) => {
    const geometry = poolGeometry(kernelName, x.shape, attributes);
    const { outShape } = poolGeometry(kernelName, x.shape, { ...attributes, dimRoundingMode: 'floor' });
    const isExact = util.arraysEqual(geometry.outShape, outShape);
    if (isExact && !hasEmptyWindow(geometry.height) && !hasEmptyWindow(geometry.width)) {
      return scope.run(kernelName, { x }, attributes);
    }
    requireFloats(kernelName, { x });
    return compute(scope, x, geometry);
  };
}

/** Whether the first or the last window consists of padding alone. */
function hasEmptyWindow({ input, output, kernel, stride, padBefore }: AxisGeometry): boolean {
  return padBefore >= kernel || (output - 1) * stride - padBefore >= input;
}

function largestOfWindows(scope: KernelScope, x: TensorInfo, geometry: PoolGeometry): TensorInfo {
  const { channels } = geometry;
  const output = scope.allocate(geometry.outShape, x.dtype);
  const [values, results] = [scope.view(x), scope.view(output)];
  visitWindows(geometry, (window, pixel) => {
    for (let channel = 0; channel < channels; channel++) {
      const largest = indexOfLargest(window, values, channels, channel);
      results[pixel * channels + channel] = largest < 0 ? Number.NEGATIVE_INFINITY : values[largest]!;
    }
  });
  return output;
}

function meanOfWindows(scope: KernelScope, x: TensorInfo, geometry: PoolGeometry): TensorInfo {
  const { channels } = geometry;
  const output = scope.allocate(geometry.outShape);
  const [values, results] = scope.views(x, output);
  visitWindows(geometry, ({ count, pixels }, pixel) => {
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let index = 0; index < count; index++) sum += values[pixels[index]! * channels + channel]!;
      results[pixel * channels + channel] = sum / count;
    }
  });
  return output;
}

/** Returns the index of the first largest value of a window, or -1 if no value is above −∞. */
export function indexOfLargest(
  { count, pixels }: Window,
  values: ArrayLike<number>,
  channels: number,
  channel: number,
): number {
  let largest = Number.NEGATIVE_INFINITY;
  let place = -1;
  for (let index = 0; index < count; index++) {
    const candidate = pixels[index]! * channels + channel;
    if (values[candidate]! > largest) {
      largest = values[candidate]!;
      place = candidate;
    }
  }
  return place;
}
