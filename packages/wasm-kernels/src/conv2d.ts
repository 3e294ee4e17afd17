import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type ConvolutionAttributes, convolutionGeometry } from './convolution-geometry.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { convolve, isCompiled } from './native-convolution.ts';
import { nativeModule } from './native-module.ts';

/**
 * `Conv2D`: compiled, in place of XNNPACK, which keeps packed filters by the id of their tensor and so does not see a
 * variable that was changed in place.
 */
export const conv2D: ScopedKernel<{ x: TensorInfo; filter: TensorInfo }, ConvolutionAttributes> = (
  scope,
  { x, filter },
  attributes,
) => {
  const native = nativeModule(scope.backend);
  if (!native) return scope.run('Conv2D', { x, filter }, attributes);
  const geometry = convolutionGeometry('Conv2D', x.shape, filter.shape, attributes, false);
  if (!isCompiled(geometry)) return scope.run('Conv2D', { x, filter }, attributes);
  const { batch, outChannels, height, width } = geometry;
  const outputShape = [batch, height.output, width.output, outChannels];
  if (util.sizeFromShape(outputShape) * util.sizeFromShape(filter.shape) === 0)
    return scope.zeros(outputShape);
  return convolve(scope, native, x, filter, null, geometry);
};
