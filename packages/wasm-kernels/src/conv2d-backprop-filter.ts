import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import {
  type AxisGeometry,
  type ConvolutionAttributes,
  type ConvolutionGeometry,
  convolutionGeometry,
  crop,
} from './convolution-geometry.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { isCompiled } from './native-convolution.ts';
import { filterGradient } from './native-filter-gradient.ts';
import { nativeModule } from './native-module.ts';

/**
 * Maximum terms of a sum in XNNPACK, which adds all products of a result in a single float32, so rounding errors grow
 * with the number of terms. Longer sums are split into strips of output rows. Strips of images would be simpler, but
 * images are the innermost axis of that convolution, and few of them make it slow.
 */
const maxTerms = 4096;

/**
 * `Conv2DBackpropFilter`: the gradient of a convolution with respect to its filter, compiled if the geometry is supported.
 *
 * Otherwise, `dW[k, ci, co] = Σ_{n, o} x[n, o·stride + k·dilation - pad, ci] · dy[n, o, co]` is itself a convolution.
 * In it, input channels and images exchange their roles, as do stride and dilation, and `dy` is the filter.
 */
export const conv2DBackpropFilter: ScopedKernel<
  { x: TensorInfo; dy: TensorInfo },
  ConvolutionAttributes & { filterShape: number[] }
> = (scope, { x, dy }, attributes) => {
  const name = 'Conv2DBackpropFilter';
  const geometry = convolutionGeometry(name, x.shape, attributes.filterShape, attributes, false, dy.shape);
  return convolutionFilterGradient(scope, x, dy, geometry);
};

/** Returns the filter gradient of a convolution, `[height, width, inChannels, outChannels]`. */
export function convolutionFilterGradient(
  scope: KernelScope,
  x: TensorInfo,
  dy: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const { batch, inChannels, outChannels, height, width } = geometry;
  const filterShape = [height.kernel, width.kernel, inChannels, outChannels];
  const native = nativeModule(scope.backend);
  if (native && isCompiled(geometry) && util.sizeFromShape(x.shape) * util.sizeFromShape(dy.shape) > 0) {
    return filterGradient(scope, native, x, dy, geometry);
  }
  const rowsPerStrip = Math.max(1, Math.floor(maxTerms / Math.max(1, batch * width.output)));
  const strips: TensorInfo[] = [];
  for (let first = 0; first < height.output; first += rowsPerStrip) {
    const end = Math.min(first + rowsPerStrip, height.output);
    const strip = scope.nested((inner) => stripGradient(inner, x, dy, geometry, first, end));
    if (strip !== undefined) strips.push(strip);
  }
  if (strips.length === 0) return scope.zeros(filterShape);
  const sum =
    strips.length === 1 ? strips[0]! : scope.run('AddN', strips as unknown as Record<string, TensorInfo>);
  // The convolution has input channels in place of images: [inChannels, height, width, outChannels].
  const taps = height.kernel * width.kernel;
  const byChannel = scope.reshape(sum, [inChannels, taps, outChannels]);
  return scope.reshape(scope.transpose(byChannel, [1, 0, 2]), filterShape);
}

/** Returns the contribution of the output rows `first ≤ row < end`, or undefined if it has no terms. */
function stripGradient(
  scope: KernelScope,
  x: TensorInfo,
  dy: TensorInfo,
  { batch, inChannels, outChannels, height, width }: ConvolutionGeometry,
  first: number,
  end: number,
): TensorInfo | undefined {
  const rows = inputWindow(height, first, end);
  const columns = inputWindow(width, 0, width.output);
  const xShape: [number, number, number, number] = [batch, rows.count, columns.count, inChannels];
  const dyShape: [number, number, number, number] = [batch, end - first, width.output, outChannels];
  if (util.sizeFromShape(xShape) * util.sizeFromShape(dyShape) === 0) return undefined;

  const xStrip = crop(scope, x, rows.first, columns.first, xShape);
  const dyStrip = crop(scope, dy, first, 0, dyShape);
  const xFlat = scope.reshape(xStrip, [batch, rows.count * columns.count, inChannels]);
  const dyFlat = scope.reshape(dyStrip, [batch, (end - first) * width.output, outChannels]);
  return scope.run(
    'Conv2D',
    {
      x: scope.reshape(scope.transpose(xFlat, [2, 1, 0]), [inChannels, rows.count, columns.count, batch]),
      filter: scope.reshape(scope.transpose(dyFlat, [1, 0, 2]), [
        end - first,
        width.output,
        batch,
        outChannels,
      ]),
    },
    {
      strides: [height.dilation, width.dilation],
      dilations: [height.stride, width.stride],
      pad: [[0, 0], rows.pad, columns.pad, [0, 0]],
      dataFormat: 'NHWC',
    },
  );
}

/**
 * Returns the inputs that the outputs `firstOutput ≤ o < endOutput` read, and the padding with which the convolution by
 * these outputs has exactly `kernel` results.
 */
function inputWindow(
  { input, kernel, stride, dilation, padBefore }: AxisGeometry,
  firstOutput: number,
  endOutput: number,
): { first: number; count: number; pad: [number, number] } {
  const begin = firstOutput * stride - padBefore;
  const end = (endOutput - 1) * stride + (kernel - 1) * dilation + 1 - padBefore;
  const first = Math.max(begin, 0);
  const last = Math.min(end, input);
  return { first, count: Math.max(last - first, 0), pad: [first - begin, end - last] };
}
