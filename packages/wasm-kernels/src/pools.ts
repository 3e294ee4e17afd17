import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { ScopedKernel } from './kernel-scope.ts';
import { type PoolAttributes, poolGeometry } from './pool-geometry.ts';
import { visitWindows, type Window } from './window-walk.ts';

type Pool = ScopedKernel<{ x: TensorInfo }, PoolAttributes>;

/**
 * `MaxPool` and `AvgPool`. XNNPACK computes the number of outputs itself and always rounds it down, so a pooling that rounds
 * up to more outputs is computed here.
 */
export const maxPool: Pool = (scope, inputs, attributes) =>
  roundsUp('MaxPool', inputs.x, attributes)
    ? largestOfWindows(scope, inputs, attributes)
    : scope.run('MaxPool', { ...inputs }, attributes);
export const avgPool: Pool = (scope, inputs, attributes) =>
  roundsUp('AvgPool', inputs.x, attributes)
    ? meanOfWindows(scope, inputs, attributes)
    : scope.run('AvgPool', { ...inputs }, attributes);

/** `MaxPool3D`. The stock kernel returns 1.2e-38 for a window without a positive value. */
export const maxPool3D: Pool = (scope, inputs, attributes) => largestOfWindows(scope, inputs, attributes);

/** Whether the pooling has more outputs than with rounding down. */
function roundsUp(kernelName: string, { shape }: TensorInfo, attributes: PoolAttributes): boolean {
  const { outShape } = poolGeometry(kernelName, shape, attributes);
  const floor = poolGeometry(kernelName, shape, { ...attributes, dimRoundingMode: 'floor' });
  return !util.arraysEqual(outShape, floor.outShape);
}

const largestOfWindows: Pool = (scope, { x }, attributes) => {
  const { outShape, channels, ...geometry } = poolGeometry('MaxPool', x.shape, attributes);
  const output = scope.allocate(outShape, x.dtype);
  const values = scope.view(x);
  const results = scope.view(output);
  visitWindows({ channels, ...geometry }, (window, pixel) => {
    for (let channel = 0; channel < channels; channel++) {
      const largest = indexOfLargest(window, values, channels, channel);
      results[pixel * channels + channel] = largest < 0 ? Number.NEGATIVE_INFINITY : values[largest]!;
    }
  });
  return output;
};

const meanOfWindows: Pool = (scope, { x }, attributes) => {
  const { outShape, channels, ...geometry } = poolGeometry('AvgPool', x.shape, attributes);
  const output = scope.allocate(outShape);
  const values = scope.view(x);
  const results = scope.view(output);
  visitWindows({ channels, ...geometry }, ({ count, pixels }, pixel) => {
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let index = 0; index < count; index++) sum += values[pixels[index]! * channels + channel]!;
      results[pixel * channels + channel] = sum / count;
    }
  });
  return output;
};

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
