import { computesInJavaScript, requireKernels } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { networkOperation, runKernel } from './network-operation.ts';
import { type ConvolutionGeometry, plainConvolution, plainFilterGradient } from './plain-convolution.ts';

/** Geometry of a convolution, and which gradients it needs. */
export interface Convolution extends ConvolutionGeometry {
  /** Whether to compute the gradient of the input only on request, as for images. */
  readonly lazyInput?: boolean;
}

/**
 * Returns the convolution of `x` with `filter`, without bias; differentiable in both.
 * @param x `[batch, height, width, channels]`
 * @param filter `[height, width, channels, filters]`
 */
export function convolution(x: tf.Tensor4D, filter: tf.Tensor4D, options: Convolution): tf.Tensor4D {
  const { strides, padding, lazyInput = false } = options;
  const inJavaScript = computesInJavaScript();
  if (lazyInput && !inJavaScript) return tf.conv2d(x, filter, strides, padding);
  return networkOperation(
    [x, filter],
    () => {
      const attributes = { strides, pad: padding, dataFormat: 'NHWC', dilations: [1, 1] };
      const value = inJavaScript
        ? plainConvolution(x, filter, options)
        : (runKernel(tf.Conv2D, { x, filter }, attributes)[0] as tf.Tensor4D);
      return { value, saved: [x] };
    },
    (dy, [saved]) => {
      const x = saved as tf.Tensor4D;
      const attributes = { strides, pad: padding, dataFormat: 'NHWC' };
      const { shape: filterShape } = filter;
      return [
        runGradientKernel(tf.Conv2DBackpropInput, { dy, filter }, { ...attributes, inputShape: x.shape }),
        inJavaScript
          ? plainFilterGradient(x, dy, filterShape, options)
          : runGradientKernel(tf.Conv2DBackpropFilter, { x, dy }, { ...attributes, filterShape }),
      ];
    },
  );
}

function runGradientKernel(name: string, inputs: tf.NamedTensorMap, attributes: object): tf.Tensor {
  requireKernels([name], 'The gradient of a convolution');
  return runKernel(name, inputs, attributes)[0]!;
}

/**
 * Returns a depthwise convolution that covers its whole input: one weighted sum per channel (the global depthwise
 * convolution of MobileFaceNet); differentiable in both.
 * @param x `[batch, height, width, channels]`
 * @param filter `[height, width, channels, 1]`
 * @returns `[batch, 1, 1, channels]`
 */
export function globalDepthwiseConvolution(x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D {
  const [height, width, channels] = filter.shape;
  const weights = () => tf.reshape(filter, [1, height, width, channels]);
  return networkOperation(
    [x, filter],
    () => ({ value: tf.sum(tf.mul(x, weights()), [1, 2], true) as tf.Tensor4D, saved: [x] }),
    (dy, [x]) => [tf.mul(dy, weights()), tf.reshape(tf.sum(tf.mul(x!, dy), 0), filter.shape)],
  );
}

/** Returns the product `x · weight` of `[batch, inputs]` and `[inputs, outputs]`; differentiable in both. */
export function product(x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  return networkOperation(
    [x, weight],
    () => ({ value: tf.matMul(x, weight), saved: [x] }),
    (dy, [x]) => [tf.matMul(dy, weight, false, true), tf.matMul(x as tf.Tensor2D, dy, true, false)],
  );
}
