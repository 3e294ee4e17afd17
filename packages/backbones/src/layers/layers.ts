import { deriveLayerSeed } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers } from '@tensorflow/tfjs-layers';
import * as elementwise from '../ops/elementwise.ts';
import * as linear from '../ops/linear.ts';
import { prelu } from '../ops/prelu.ts';
import { type Layer, weightOf, withComputation } from './stock-layer.ts';

/** Initial values of a weight: a normal distribution with mean 0. */
export interface NormalInitializer {
  readonly standardDeviation: number;
  /** Seed other than 0: tfjs draws a random seed for 0. */
  readonly seed: number;
}

/** Options of a convolution layer. */
export interface ConvolutionOptions {
  readonly filters: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: 'same' | 'valid';
  readonly initializer: NormalInitializer;
  /** Whether the layer takes the images, whose gradient is computed only on request. */
  readonly first?: boolean;
}

function toTfjs({ standardDeviation, seed }: NormalInitializer) {
  return initializers.randomNormal({ mean: 0, stddev: standardDeviation, seed });
}

/** Creates a convolution without bias. */
export function convolutionLayer(name: string, options: ConvolutionOptions): Layer {
  const { filters, kernelSize, stride, padding, first = false } = options;
  const shape = { filters, kernelSize, strides: stride, padding, useBias: false };
  const layer = layers.conv2d({ ...shape, name, kernelInitializer: toTfjs(options.initializer) });
  return withComputation(layer, ([x]) => {
    const kernel = weightOf<tf.Tensor4D>(layer, 'kernel');
    const strides: [number, number] = [stride, stride];
    return linear.convolution(x as tf.Tensor4D, kernel, { strides, padding, lazyInput: first });
  });
}

/** Creates a depthwise convolution without bias. */
export function depthwiseLayer(
  name: string,
  {
    kernelSize,
    stride,
    padding,
    initializer,
  }: Omit<ConvolutionOptions, 'filters' | 'kernelSize'> & {
    readonly kernelSize: number | [number, number];
  },
): Layer {
  const shape = { kernelSize, strides: stride, padding, useBias: false };
  const layer = layers.depthwiseConv2d({ ...shape, name, depthwiseInitializer: toTfjs(initializer) });
  return withComputation(layer, ([x]) => {
    const kernel = weightOf<tf.Tensor4D>(layer, 'depthwise_kernel');
    const covers = x!.shape[1] === kernel.shape[0] && x!.shape[2] === kernel.shape[1];
    if (covers && padding === 'valid') return linear.globalDepthwiseConvolution(x as tf.Tensor4D, kernel);
    return tf.depthwiseConv2d(x as tf.Tensor4D, kernel, stride, padding);
  });
}

/** Creates a linear map without bias. */
export function denseLayer(name: string, units: number, initializer: NormalInitializer): Layer {
  const layer = layers.dense({ name, units, useBias: false, kernelInitializer: toTfjs(initializer) });
  return withComputation(layer, ([x]) =>
    linear.product(x as tf.Tensor2D, weightOf<tf.Tensor2D>(layer, 'kernel')),
  );
}

/** Creates a PReLU with a slope per channel, initially 0.25. */
export function preluLayer(name: string): Layer {
  const alphaInitializer = initializers.constant({ value: 0.25 });
  const layer = layers.prelu({ name, alphaInitializer, sharedAxes: [1, 2] });
  return withComputation(layer, ([x]) => prelu(x!, weightOf(layer, 'alpha')));
}

/** Creates a ReLU. */
export function reluLayer(name: string): Layer {
  return withComputation(layers.reLU({ name }), ([x]) => elementwise.relu(x!));
}

/**
 * Creates a dropout whose masks depend only on the seed of the pass and on `index`.
 * @param index position among the dropouts of the network, so that each has different masks
 */
export function dropoutLayer(name: string, rate: number, index: number): Layer {
  return withComputation(layers.dropout({ name, rate }), ([x], { training, seed }) => {
    if (!training || rate === 0) return x!;
    return elementwise.dropout(x!, rate, deriveLayerSeed(seed, index));
  });
}

/** Creates the sum of two tensors. */
export function sumLayer(name: string): Layer {
  return withComputation(layers.add({ name }), ([a, b]) => elementwise.residualSum(a!, b!));
}
