import type { MapShape, PlanWindow } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Layer, weightOf } from '../layers/stock-layer.ts';

/** A convolution, depthwise convolution or linear map, with the batch norms before and after it. */
interface FilterParts {
  readonly kernel: Layer;
  readonly inputNorm: Layer | null;
  readonly norm: Layer | null;
  readonly inputShape: MapShape;
  readonly window: PlanWindow;
}

/** How a weight of a plan follows from the weights of the network. */
export type WeightRecipe =
  | (FilterParts & { readonly kind: 'filter' })
  | (FilterParts & { readonly kind: 'bias'; readonly hasBorders: boolean })
  | { readonly kind: 'scale'; readonly norm: Layer }
  | { readonly kind: 'shift'; readonly norm: Layer }
  | { readonly kind: 'slopes'; readonly activation: Layer; readonly channels: number };

/** Returns the weight. */
export function foldWeight(recipe: WeightRecipe): tf.Tensor {
  switch (recipe.kind) {
    case 'filter':
      return foldFilter(recipe);
    case 'bias':
      return foldBias(recipe);
    case 'scale':
      return scaleOf(recipe.norm);
    case 'shift':
      return shiftOf(recipe.norm);
    default: {
      const { activation, channels } = recipe;
      if (activation.getClassName() === 'ReLU') return tf.zeros([channels]);
      return tf.reshape(weightOf(activation, 'alpha'), [channels]);
    }
  }
}

/** Returns γ / √(variance + ε), the factor of a batch norm in evaluation mode. */
function scaleOf(norm: Layer): tf.Tensor1D {
  const variance = weightOf<tf.Tensor1D>(norm, 'moving_variance');
  const epsilon = norm.getConfig().epsilon as number;
  return tf.mul(weightOf<tf.Tensor1D>(norm, 'gamma'), tf.rsqrt(tf.add(variance, epsilon)));
}

/** Returns β − scale · mean, the constant of a batch norm in evaluation mode. */
function shiftOf(norm: Layer): tf.Tensor1D {
  const mean = weightOf<tf.Tensor1D>(norm, 'moving_mean');
  return tf.sub(weightOf<tf.Tensor1D>(norm, 'beta'), tf.mul(scaleOf(norm), mean));
}

/** Returns the filter times the scales of the batch norms before and after it. */
function foldFilter(parts: FilterParts): tf.Tensor {
  const { kernel, inputNorm, norm } = parts;
  const isDepthwise = kernel.getClassName() === 'DepthwiseConv2D';
  let filter = filterOf(parts);
  if (inputNorm) filter = tf.mul(filter, tf.expandDims(scaleOf(inputNorm), 1));
  if (norm) filter = tf.mul(filter, isDepthwise ? tf.expandDims(scaleOf(norm), 1) : scaleOf(norm));
  return filter;
}

/**
 * Returns what the convolution adds: the shift of the batch norm after it, and the filter applied to the shift of the batch norm
 * before it. With borders the latter depends on the taps inside the map, in the rows of `biasRow`.
 */
function foldBias(parts: FilterParts & { readonly hasBorders: boolean }): tf.Tensor {
  const { inputNorm, norm, hasBorders } = parts;
  if (!inputNorm) return shiftOf(norm!);
  const filter = filterOf(parts);
  const [height, width, , channels] = filter.shape as [number, number, number, number];
  const byTap = tf.reshape(tf.sum(tf.mul(filter, tf.expandDims(shiftOf(inputNorm), 1)), 2), [
    height * width,
    channels,
  ]);
  const sums = hasBorders ? tf.matMul(tapsInside(height, width), byTap as tf.Tensor2D) : tf.sum(byTap, 0);
  return norm ? tf.add(tf.mul(sums, scaleOf(norm)), shiftOf(norm)) : sums;
}

/** Returns `[16, taps]`: 1 for each tap inside the map, for each row of `biasRow` with a padding of 1. */
function tapsInside(height: number, width: number): tf.Tensor2D {
  const rows = Array.from({ length: 16 }, (_, row) =>
    Array.from({ length: height * width }, (_, tap) => {
      const [y, x] = [Math.floor(tap / width), tap % width];
      const isOutside =
        (row & 1 && y === 0) ||
        (row & 2 && y === height - 1) ||
        (row & 4 && x === 0) ||
        (row & 8 && x === width - 1);
      return isOutside ? 0 : 1;
    }),
  );
  return tf.tensor2d(rows);
}

/** Returns the weight of the layer as a filter `[height, width, in, out]`. */
function filterOf({ kernel, inputShape, window }: FilterParts): tf.Tensor {
  if (kernel.getClassName() === 'DepthwiseConv2D') return weightOf(kernel, 'depthwise_kernel');
  const weight = weightOf(kernel, 'kernel');
  return weight.rank === 4 ? weight : tf.reshape(weight, [...window.size, inputShape[2], weight.shape[1]!]);
}
