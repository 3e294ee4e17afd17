import { MissingKernelError } from '@openset/core';
import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { KernelScope } from './kernel-scope.ts';

/** How tfjs rounds the number of outputs along an axis. */
export type RoundingMode = 'floor' | 'round' | 'ceil';

/** Attributes that all backward kernels of convolutions share. */
export interface ConvolutionAttributes {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dimRoundingMode?: RoundingMode;
  dataFormat?: 'NHWC' | 'NCHW';
  /** Missing from the gradients in tfjs-core 4.22, which refuse dilated convolutions; those in gradients.ts pass it. */
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

/**
 * Returns the geometry of the forward convolution.
 *
 * @param dyShape shape of the gradient of the outputs, for gradients; see {@link withRounding}
 * @throws MissingKernelError unless the data format is `NHWC`
 */
export function convolutionGeometry(
  kernelName: string,
  inputShape: number[],
  filterShape: number[],
  attributes: ConvolutionAttributes,
  depthwise: boolean,
  dyShape?: number[],
): ConvolutionGeometry {
  const { strides, pad, dimRoundingMode, dataFormat, dilations = 1 } = attributes;
  requireChannelsLast(kernelName, dataFormat);
  const info = withRounding(kernelName, dimRoundingMode, dyShape, (roundingMode) =>
    backend_util.computeConv2DInfo(
      inputShape as [number, number, number, number],
      filterShape as [number, number, number, number],
      strides,
      dilations,
      pad,
      roundingMode,
      depthwise,
    ),
  );
  return {
    batch: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    ...planeGeometry(info),
  };
}

/** Returns the geometry along height and width. */
export function planeGeometry(
  info: backend_util.Conv2DInfo | backend_util.Conv3DInfo,
): Pick<ConvolutionGeometry, 'height' | 'width'> {
  return {
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

/** Returns the geometry along the depth of a three-dimensional operation. */
export function depthGeometry(info: backend_util.Conv3DInfo): AxisGeometry {
  return {
    input: info.inDepth,
    output: info.outDepth,
    kernel: info.filterDepth,
    stride: info.strideDepth,
    dilation: info.dilationDepth,
    padBefore: info.padInfo.front,
  };
}

/**
 * Returns the geometry for which the outputs have the shape of `dy`. The gradients of tfjs-core 4.22 do not pass on the
 * rounding mode of the forward operation, so only the shape of `dy` tells which one it was.
 *
 * @param dyShape undefined for the forward operation
 */
export function withRounding<Info extends { outShape: number[] }>(
  kernelName: string,
  roundingMode: RoundingMode | undefined,
  dyShape: number[] | undefined,
  compute: (roundingMode: RoundingMode | undefined) => Info,
): Info {
  const info = compute(roundingMode);
  if (dyShape === undefined || util.arraysEqual(info.outShape, dyShape)) return info;
  for (const other of ['floor', 'ceil', 'round'] as const) {
    const candidate = compute(other);
    if (util.arraysEqual(candidate.outShape, dyShape)) return candidate;
  }
  throw new Error(`${kernelName}: dy has shape [${dyShape}], but the outputs have [${info.outShape}].`);
}

/** Throws a MissingKernelError for channels before the spatial axes. */
export function requireChannelsLast(kernelName: string, dataFormat: string | undefined): void {
  if (dataFormat === undefined || dataFormat === 'NHWC' || dataFormat === 'NDHWC') return;
  throw new MissingKernelError(
    `${kernelName} on the wasm backend requires dataFormat '${dataFormat.length === 5 ? 'NDHWC' : 'NHWC'}', but got ` +
      `'${dataFormat}'. Transpose the tensors, as for the forward operation.`,
  );
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
