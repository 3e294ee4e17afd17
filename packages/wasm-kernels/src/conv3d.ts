import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { convolutionFilterGradient } from './conv2d-backprop-filter.ts';
import { convolutionInputGradient } from './conv2d-backprop-input.ts';
import {
  type AxisGeometry,
  type ConvolutionGeometry,
  depthGeometry,
  planeGeometry,
  requireChannelsLast,
  withRounding,
} from './convolution-geometry.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { convolve, isCompiled } from './native-convolution.ts';
import { nativeModule } from './native-module.ts';
import { outputsThatRead } from './windows.ts';

interface Attributes {
  strides: number | [number, number, number];
  pad: 'valid' | 'same' | number;
  dataFormat?: 'NDHWC' | 'NCDHW';
  /** Missing from the gradients in tfjs-core 4.22; those in gradients.ts pass it. */
  dilations?: number | [number, number, number];
}

/**
 * `Conv3D`: the sum over the taps along the depth of two-dimensional convolutions. If they are not compiled, the stock
 * kernel, a plain loop, computes it.
 */
export const conv3D: ScopedKernel<{ x: TensorInfo; filter: TensorInfo }, Attributes> = (
  scope,
  { x, filter },
  attributes,
) => {
  const { batch, outShape, depth, plane } = geometryOf('Conv3D', x.shape, filter.shape, attributes);
  const native = nativeModule(scope.backend);
  const isEmpty = util.sizeFromShape(outShape) * util.sizeFromShape(filter.shape) === 0;
  if (!native || isEmpty || !isCompiled({ batch, ...plane }) || x.dtype !== 'float32') {
    return scope.run('Conv3D', { x, filter }, attributes);
  }
  const output = scope.zeros(outShape);
  const tapShape = filter.shape.slice(1);
  for (let tap = 0; tap < depth.kernel; tap++) {
    scope.nested((inner) => {
      const { first, count, firstInput } = planesOf(depth, tap);
      if (count === 0) return undefined;
      const images = takePlanes(inner, x, firstInput, depth.stride, count);
      const taps = inner.copyRange(filter, tap * util.sizeFromShape(tapShape), tapShape);
      const result = convolve(inner, native, images, taps, null, { ...plane, batch: batch * count });
      addPlanes(inner, output, result, first, 1, count);
      return undefined;
    });
  }
  return output;
};

/**
 * `Conv3DBackpropFilterV2`: the gradient of a three-dimensional convolution with respect to its filter. Each tap along the
 * depth is the filter gradient of a two-dimensional convolution whose images are the planes that meet this tap. The stock
 * kernel returns wrong values.
 */
export const conv3DBackpropFilter: ScopedKernel<
  { x: TensorInfo; dy: TensorInfo },
  Attributes & { filterShape: number[] }
> = (scope, { x, dy }, attributes) => {
  const { filterShape } = attributes;
  const { batch, depth, plane } = geometryOf(
    'Conv3DBackpropFilterV2',
    x.shape,
    filterShape,
    attributes,
    dy.shape,
  );
  const output = scope.zeros(filterShape);
  const tapSize = util.sizeFromShape(filterShape.slice(1));
  for (let tap = 0; tap < depth.kernel; tap++) {
    scope.nested((inner) => {
      const { first, count, firstInput } = planesOf(depth, tap);
      if (count === 0) return undefined;
      const images = takePlanes(inner, x, firstInput, depth.stride, count);
      const gradients = takePlanes(inner, dy, first, 1, count);
      const gradient = convolutionFilterGradient(inner, images, gradients, {
        ...plane,
        batch: batch * count,
      });
      scope.view(output).set(scope.view(gradient), tap * tapSize);
      return undefined;
    });
  }
  return output;
};

/**
 * `Conv3DBackpropInputV2`: the gradient of a three-dimensional convolution with respect to its input, which is also the
 * forward pass of `conv3dTranspose`. The sum over the taps along the depth of two-dimensional input gradients. The stock
 * kernel returns wrong values.
 */
export const conv3DBackpropInput: ScopedKernel<
  { dy: TensorInfo; filter: TensorInfo },
  Attributes & { inputShape: number[] }
> = (scope, { dy, filter }, attributes) => {
  const { inputShape } = attributes;
  const { batch, depth, plane } = geometryOf(
    'Conv3DBackpropInputV2',
    inputShape,
    filter.shape,
    attributes,
    dy.shape,
  );
  const output = scope.zeros(inputShape);
  const tapShape = filter.shape.slice(1);
  const tapSize = util.sizeFromShape(tapShape);
  for (let tap = 0; tap < depth.kernel; tap++) {
    scope.nested((inner) => {
      const { first, count, firstInput } = planesOf(depth, tap);
      if (count === 0) return undefined;
      const gradient = convolutionInputGradient(
        inner,
        takePlanes(inner, dy, first, 1, count),
        inner.copyRange(filter, tap * tapSize, tapShape),
        { ...plane, batch: batch * count },
      );
      addPlanes(inner, output, gradient, firstInput, depth.stride, count);
      return undefined;
    });
  }
  return output;
};

/** Returns the geometry along the depth, and that of the convolutions of the planes. */
function geometryOf(
  kernelName: string,
  inputShape: number[],
  filterShape: number[],
  { strides, pad, dataFormat, dilations = 1 }: Attributes,
  dyShape?: number[],
): { batch: number; outShape: number[]; depth: AxisGeometry; plane: Omit<ConvolutionGeometry, 'batch'> } {
  requireChannelsLast(kernelName, dataFormat);
  type FiveSizes = [number, number, number, number, number];
  const info = withRounding(kernelName, undefined, dyShape, (roundingMode) =>
    backend_util.computeConv3DInfo(
      inputShape as FiveSizes,
      filterShape as FiveSizes,
      strides,
      dilations,
      pad,
      false,
      'channelsLast',
      roundingMode,
    ),
  );
  const { batchSize: batch, outShape, inChannels, outChannels } = info;
  const plane = { inChannels, outChannels, ...planeGeometry(info) };
  return { batch, outShape, depth: depthGeometry(info), plane };
}

/** Returns which output planes read input planes through a tap, and the first of these input planes. */
function planesOf(depth: AxisGeometry, tap: number): { first: number; count: number; firstInput: number } {
  const { first, end, shift } = outputsThatRead(depth, tap);
  return { first, count: end - first, firstInput: first * depth.stride + shift };
}

/** Returns `count` planes of each volume of `x` `[batch, depth, height, width, channels]` as a batch of images. */
function takePlanes(scope: KernelScope, x: TensorInfo, first: number, step: number, count: number) {
  const [batch, depth, ...planeShape] = x.shape as [number, number, number, number, number];
  if (count === depth) return scope.reshape(x, [batch * count, ...planeShape]);
  const size = util.sizeFromShape(planeShape);
  const planes = scope.allocate([batch * count, ...planeShape]);
  const [source, target] = scope.views(x, planes);
  for (let volume = 0; volume < batch; volume++) {
    for (let index = 0; index < count; index++) {
      const start = (volume * depth + first + index * step) * size;
      target.set(source.subarray(start, start + size), (volume * count + index) * size);
    }
  }
  return planes;
}

/** Adds a batch of images to `count` planes of each volume; the inverse of {@link takePlanes}. */
function addPlanes(
  scope: KernelScope,
  volumes: TensorInfo,
  images: TensorInfo,
  first: number,
  step: number,
  count: number,
): void {
  const [batch, depth, ...planeShape] = volumes.shape as [number, number, number, number, number];
  const size = util.sizeFromShape(planeShape);
  const [source, target] = scope.views(images, volumes);
  for (let volume = 0; volume < batch; volume++) {
    for (let index = 0; index < count; index++) {
      const from = (volume * count + index) * size;
      const to = (volume * depth + first + index * step) * size;
      for (let i = 0; i < size; i++) target[to + i]! += source[from + i]!;
    }
  }
}
