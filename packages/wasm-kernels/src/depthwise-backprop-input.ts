import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type ConvolutionAttributes, convolutionGeometry, cropForPadding } from './convolution-geometry.ts';
import { gradientMargin, insertZeros } from './insert-zeros.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { depthwiseInputGradient, isCompiledDepthwise } from './native-depthwise.ts';
import { nativeModule } from './native-module.ts';

/**
 * `DepthwiseConv2dNativeBackpropInput`: the gradient of a depthwise convolution with respect to its input. Compiled if the
 * geometry is supported, else a depthwise convolution of `dy`, dilated by the stride, with the filter rotated by 180°.
 *
 * With a channel multiplier, each output channel is convolved separately, and those of one input channel are added.
 */
export const depthwiseBackpropInput: ScopedKernel<
  { dy: TensorInfo; filter: TensorInfo },
  ConvolutionAttributes & { inputShape: number[] }
> = (scope, { dy, filter }, attributes) => {
  const { inputShape } = attributes;
  const name = 'DepthwiseConv2dNativeBackpropInput';
  const geometry = convolutionGeometry(name, inputShape, filter.shape, attributes, true, dy.shape);
  const { inChannels, outChannels, height, width } = geometry;
  const native = nativeModule(scope.backend);
  if (
    native &&
    isCompiledDepthwise(geometry) &&
    util.sizeFromShape(inputShape) * util.sizeFromShape(dy.shape) > 0
  ) {
    return depthwiseInputGradient(scope, native, dy, filter, geometry);
  }
  const spread = insertZeros(scope, dy, height.stride, width.stride);
  const { x, pad } = cropForPadding(scope, spread, gradientMargin(height), gradientMargin(width));
  // The cropped dy is empty if no output reads any input.
  if (util.sizeFromShape(x.shape) === 0) return scope.zeros(inputShape);

  const rotated = scope.run('Reverse', { x: filter }, { dims: [0, 1] });
  const gradient = scope.run(
    'DepthwiseConv2dNative',
    { x, filter: scope.reshape(rotated, [height.kernel, width.kernel, outChannels, 1]) },
    { strides: [1, 1], dilations: [height.dilation, width.dilation], pad },
  );
  if (outChannels === inChannels) return gradient;
  const grouped = scope.reshape(gradient, [...inputShape, outChannels / inChannels]);
  return scope.run('Sum', { x: grouped }, { axis: 4, keepDims: false });
};
