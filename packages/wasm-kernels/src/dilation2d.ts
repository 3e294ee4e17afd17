import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { requireFloats } from './columns.ts';
import { planeGeometry } from './convolution-geometry.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { flatAxis, visitWindows, type Window, type WindowGeometry } from './window-walk.ts';

interface Attributes {
  strides: number | [number, number];
  pad: 'valid' | 'same' | number;
  dilations: number | [number, number];
}

interface Inputs {
  x: TensorInfo;
  filter: TensorInfo;
}

type Dilation = ScopedKernel<Inputs, Attributes>;
type DilationGradient = ScopedKernel<Inputs & { dy: TensorInfo }, Attributes>;

/**
 * `Dilation2D`: the largest sum of a value of the window and the filter's value at its tap. The stock kernel returns 1.2e-38
 * for a window without a positive sum, and its gradients take the first tap for the largest.
 */
export const dilation2D: Dilation = (scope, { x, filter }, attributes) => {
  if (x.dtype !== filter.dtype) {
    throw new Error(
      `Dilation2D requires tensors of one dtype, but x is ${x.dtype} and filter ${filter.dtype}.`,
    );
  }
  const { geometry, outShape } = geometryOf(x, filter, attributes);
  const { channels } = geometry;
  const output = scope.allocate(outShape, x.dtype);
  const [values, taps, results] = [scope.view(x), scope.view(filter), scope.view(output)];
  visitWindows(geometry, (window, pixel) => {
    for (let channel = 0; channel < channels; channel++) {
      const index = indexOfLargestSum(window, values, taps, channels, channel);
      results[pixel * channels + channel] =
        index < 0
          ? Number.NEGATIVE_INFINITY
          : values[window.pixels[index]! * channels + channel]! +
            taps[window.taps[index]! * channels + channel]!;
    }
  });
  return output;
};

/** `Dilation2DBackpropInput`: adds each output's gradient to the value of its largest sum. */
export const dilation2DBackpropInput: DilationGradient = gradientKernel('Dilation2DBackpropInput', 'pixels');

/** `Dilation2DBackpropFilter`: adds each output's gradient to the tap of its largest sum. */
export const dilation2DBackpropFilter: DilationGradient = gradientKernel('Dilation2DBackpropFilter', 'taps');

function gradientKernel(kernelName: string, of: 'pixels' | 'taps'): DilationGradient {
  return (scope, { x, filter, dy }, attributes) => {
    requireFloats(kernelName, { x, filter, dy });
    const { geometry } = geometryOf(x, filter, attributes);
    const { channels } = geometry;
    const gradient = scope.zeros((of === 'pixels' ? x : filter).shape);
    const [values, taps, gradients, results] = scope.views(x, filter, dy, gradient);
    visitWindows(geometry, (window, pixel) => {
      for (let channel = 0; channel < channels; channel++) {
        const index = indexOfLargestSum(window, values, taps, channels, channel);
        if (index < 0) continue;
        results[window[of][index]! * channels + channel]! += gradients[pixel * channels + channel]!;
      }
    });
    return gradient;
  };
}

/** Returns the index in the window of the first largest sum, or -1 if none is above −∞. */
function indexOfLargestSum(
  { count, pixels, taps }: Window,
  values: ArrayLike<number>,
  filter: ArrayLike<number>,
  channels: number,
  channel: number,
): number {
  let largest = Number.NEGATIVE_INFINITY;
  let place = -1;
  for (let index = 0; index < count; index++) {
    const sum = values[pixels[index]! * channels + channel]! + filter[taps[index]! * channels + channel]!;
    if (sum > largest) {
      largest = sum;
      place = index;
    }
  }
  return place;
}

function geometryOf(
  x: TensorInfo,
  filter: TensorInfo,
  { strides, pad, dilations }: Attributes,
): { geometry: WindowGeometry; outShape: number[] } {
  const info = backend_util.computeDilation2DInfo(
    x.shape as [number, number, number, number],
    filter.shape as [number, number, number],
    strides,
    pad,
    'NHWC',
    dilations,
  );
  const { batchSize: batch, inChannels: channels, outShape } = info;
  return { geometry: { batch, channels, depth: flatAxis, ...planeGeometry(info) }, outShape };
}
