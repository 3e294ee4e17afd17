import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import {
  type AxisGeometry,
  type ConvolutionAttributes,
  type ConvolutionGeometry,
  type CroppedInput,
  convolutionGeometry,
  cropForPadding,
  type Margin,
} from './convolution-geometry.ts';
import type { KernelScope } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';

/** Kernels of stock tfjs-backend-wasm that convolve. */
export type ConvolutionName = 'Conv2D' | 'DepthwiseConv2dNative' | 'FusedConv2D' | 'FusedDepthwiseConv2D';

/** Whether its filter has a channel multiplier in place of output channels. */
export function isDepthwise(name: ConvolutionName): boolean {
  return name === 'DepthwiseConv2dNative' || name === 'FusedDepthwiseConv2D';
}

/**
 * Runs a stock convolution, for what is not compiled, around two of its faults.
 *
 * - XNNPACK keeps packed filters by the id of their tensor, and so would not see a variable that was changed in place: where
 *   other kernels may do that, it gets a copy.
 * - It computes the size of the result by itself, and writes beyond the result where tfjs computed another one; its `'same'`
 *   is wrong for some strides that differ: it gets the padding in numbers that leads to the size of tfjs.
 */
export function runStockConvolution(
  scope: KernelScope,
  name: ConvolutionName,
  inputs: { x: TensorInfo; filter: TensorInfo },
  attributes: ConvolutionAttributes,
): TensorInfo {
  const { x, filter } = inputs;
  const own = nativeModule(scope.backend) ? scope.copyRange(filter, 0, filter.shape) : filter;
  const geometry = convolutionGeometry(name, x.shape, filter.shape, attributes, isDepthwise(name));
  const padded = padToSize(scope, x, geometry);
  const exact = { ...attributes, pad: padded.pad, dimRoundingMode: undefined };
  return scope.run(name, { ...inputs, x: padded.x, filter: own }, exact);
}

/** The input and the padding with which the result has exactly the size in `geometry`. */
function padToSize(scope: KernelScope, x: TensorInfo, { height, width }: ConvolutionGeometry): CroppedInput {
  const cropped = cropForPadding(scope, x, marginFor(height), marginFor(width));
  if (util.sizeFromShape(cropped.x.shape) > 0) return cropped;
  // All that is read is padding.
  const [batch, , , channels] = x.shape as [number, number, number, number];
  const zeros = scope.zeros([batch, reach(height), reach(width), channels]);
  return cropForPadding(scope, zeros, { before: 0, after: 0 }, { before: 0, after: 0 });
}

function marginFor(axis: AxisGeometry): Margin {
  return { before: axis.padBefore, after: reach(axis) - axis.input - axis.padBefore };
}

/** From the first to the last element that is read. */
function reach({ output, kernel, stride, dilation }: AxisGeometry): number {
  return (output - 1) * stride + (kernel - 1) * dilation + 1;
}
