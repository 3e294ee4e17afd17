import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type ConvolutionAttributes, convolutionGeometry } from './convolution-geometry.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { depthwiseConvolve, isCompiledDepthwise } from './native-depthwise.ts';
import { nativeModule } from './native-module.ts';

/** `DepthwiseConv2dNative`: compiled, for the reason of `Conv2D`. */
export const depthwiseConv2D: ScopedKernel<{ x: TensorInfo; filter: TensorInfo }, ConvolutionAttributes> = (
  scope,
  { x, filter },
  attributes,
) => {
  const native = nativeModule(scope.backend);
  if (!native) return scope.run('DepthwiseConv2dNative', { x, filter }, attributes);
  const geometry = convolutionGeometry('DepthwiseConv2dNative', x.shape, filter.shape, attributes, true);
  if (!isCompiledDepthwise(geometry)) return scope.run('DepthwiseConv2dNative', { x, filter }, attributes);
  const { batch, outChannels, height, width } = geometry;
  const outputShape = [batch, height.output, width.output, outChannels];
  if (util.sizeFromShape(outputShape) === 0) return scope.zeros(outputShape);
  return depthwiseConvolve(scope, native, x, filter, null, geometry);
};
