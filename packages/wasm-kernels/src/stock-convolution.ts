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

/** Forward convolution kernels of stock tfjs-backend-wasm. */
export type ConvolutionName = 'Conv2D' | 'DepthwiseConv2dNative' | 'FusedConv2D' | 'FusedDepthwiseConv2D';

/** Whether the filter has a channel multiplier in place of output channels. */
export function isDepthwise(name: ConvolutionName): boolean {
  return name === 'DepthwiseConv2dNative' || name === 'FusedDepthwiseConv2D';
}

/**
 * Runs a stock convolution and works around two of its defects.
 *
 * - XNNPACK caches packed filters by tensor id, so it misses changes of a variable in place. If other kernels may make such
 *   changes, the convolution gets a copy of the filter.
 * - XNNPACK computes the size of the result itself, and writes beyond the result if tfjs has computed another size. Its
 *   `'same'` is wrong for some unequal strides. So the convolution gets explicit padding that leads to the size of tfjs.
 */
export function runStockConvolution(
  scope: KernelScope,
  name: ConvolutionName,
  inputs: { x: TensorInfo; filter: TensorInfo },
  attributes: ConvolutionAttributes,
): TensorInfo {
  const { x, filter } = inputs;
  const ownFilter = nativeModule(scope.backend) ? scope.copyRange(filter, 0, filter.shape) : filter;
  const geometry = convolutionGeometry(name, x.shape, filter.shape, attributes, isDepthwise(name));
  const padded = padToSize(scope, x, geometry);
  const exact = { ...attributes, pad: padded.pad, dimRoundingMode: undefined };
  return scope.run(name, { ...inputs, x: padded.x, filter: ownFilter }, exact);
}

/** Returns the input and the padding for which the result has exactly the size in `geometry`. */
function padToSize(scope: KernelScope, x: TensorInfo, { height, width }: ConvolutionGeometry): CroppedInput {
  const cropped = cropForPadding(scope, x, marginFor(height), marginFor(width));
  if (util.sizeFromShape(cropped.x.shape) > 0) return cropped;
  // The convolution reads nothing but padding.
  const [batch, , , channels] = x.shape as [number, number, number, number];
  const zeros = scope.zeros([batch, reach(height), reach(width), channels]);
  return cropForPadding(scope, zeros, { before: 0, after: 0 }, { before: 0, after: 0 });
}

function marginFor(axis: AxisGeometry): Margin {
  return { before: axis.padBefore, after: reach(axis) - axis.input - axis.padBefore };
}

/** Returns the number of elements from the first to the last one read. */
function reach({ output, kernel, stride, dilation }: AxisGeometry): number {
  return (output - 1) * stride + (kernel - 1) * dilation + 1;
}
