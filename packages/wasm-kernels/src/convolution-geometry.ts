import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelScope } from './kernel-scope.ts';

/** Attributes that all backward kernels of convolutions share. */
export interface ConvolutionAttributes {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  dataFormat?: 'NHWC' | 'NCHW';
  /** Missing from the gradients of `Conv2D` in tfjs-core 4.22, which refuse dilated convolutions. */
  dilations?: [number, number] | number;
}

/** A convolution along one spatial axis: output `o` reads input `o * stride + k * dilation - padBefore`. */
export interface AxisGeometry {
  input: number;
  output: number;
  kernel: number;
  stride: number;
  dilation: number;
  padBefore: number;
}

/** Sizes of a two-dimensional convolution. */
export interface ConvolutionGeometry {
  batch: number;
  inChannels: number;
  outChannels: number;
  height: AxisGeometry;
  width: AxisGeometry;
}

/** Returns the geometry of the forward convolution. Throws unless the data format is `NHWC`. */
export function convolutionGeometry(
  kernelName: string,
  inputShape: number[],
  filterShape: number[],
  attributes: ConvolutionAttributes,
  depthwise: boolean,
): ConvolutionGeometry {
  const { strides, pad, dimRoundingMode, dataFormat = 'NHWC', dilations = 1 } = attributes;
  if (dataFormat !== 'NHWC') {
    throw new Error(
      `${kernelName} on the wasm backend requires dataFormat 'NHWC', but got '${dataFormat}'. ` +
        `Transpose the tensors, as for the forward convolution.`,
    );
  }
  const info = backend_util.computeConv2DInfo(
    inputShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations,
    pad,
    dimRoundingMode,
    depthwise,
  );
  return {
    batch: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    height: {
      input: info.inHeight,
      output: info.outHeight,
      kernel: info.filterHeight,
      stride: info.strideHeight,
      dilation: info.dilationHeight,
      padBefore: info.padInfo.top,
    },
    width: {
      input: info.inWidth,
      output: info.outWidth,
      kernel: info.filterWidth,
      stride: info.strideWidth,
      dilation: info.dilationWidth,
      padBefore: info.padInfo.left,
    },
  };
}

/** Rows or columns to add on each side. A negative number removes some. */
export interface Margin {
  before: number;
  after: number;
}

/** Result of {@link cropForPadding}, with the padding in the form that convolution kernels accept. */
export interface CroppedInput {
  x: TensorInfo;
  pad: backend_util.ExplicitPadding;
}

/**
 * Crops `x` `[batch, height, width, channels]` on the sides with a negative margin, because convolution kernels only pad.
 * Returns the other margins as explicit padding. The result may be empty, which those kernels do not support.
 */
export function cropForPadding(
  scope: KernelScope,
  x: TensorInfo,
  height: Margin,
  width: Margin,
): CroppedInput {
  const [batch, oldHeight, oldWidth, channels] = x.shape as [number, number, number, number];
  const [top, bottom, left, right] = [height.before, height.after, width.before, width.after];
  const pad: backend_util.ExplicitPadding = [
    [0, 0],
    [Math.max(top, 0), Math.max(bottom, 0)],
    [Math.max(left, 0), Math.max(right, 0)],
    [0, 0],
  ];
  if (Math.min(top, bottom, left, right) >= 0) return { x, pad };
  const firstRow = Math.max(-top, 0);
  const firstColumn = Math.max(-left, 0);
  const newHeight = Math.max(oldHeight - firstRow - Math.max(-bottom, 0), 0);
  const newWidth = Math.max(oldWidth - firstColumn - Math.max(-right, 0), 0);
  return { x: crop(scope, x, firstRow, firstColumn, [batch, newHeight, newWidth, channels]), pad };
}

/** Returns the part of `x` with the given shape that starts at this row and column. */
export function crop(
  scope: KernelScope,
  x: TensorInfo,
  firstRow: number,
  firstColumn: number,
  shape: [number, number, number, number],
): TensorInfo {
  const [, oldHeight, oldWidth, channels] = x.shape as [number, number, number, number];
  const [batch, height, width] = shape;
  if (height === oldHeight && width === oldWidth) return x;
  const output = scope.allocate(shape, x.dtype);
  const source = scope.view(x);
  const target = scope.view(output);
  const oldRow = oldWidth * channels;
  const row = width * channels;
  for (let image = 0; image < batch; image++) {
    const begin = (image * oldHeight + firstRow) * oldRow + firstColumn * channels;
    for (let y = 0; y < height; y++) {
      target.set(source.subarray(begin + y * oldRow, begin + y * oldRow + row), (image * height + y) * row);
    }
  }
  return output;
}
