import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { type Layer, weightOf } from './layers/stock-layer.ts';

/** Layout of a weight in tfjs, from which its layout in PyTorch follows. */
export type WeightLayout =
  /** `[height, width, in, out]`; PyTorch: `[out, in, height, width]`. */
  | { readonly kind: 'convolution' }
  /** `[height, width, channels, 1]`; PyTorch: `[channels, 1, height, width]`. */
  | { readonly kind: 'depthwise' }
  /** `[in, out]`; PyTorch: `[out, in]`. */
  | { readonly kind: 'dense' }
  /** `[height · width · channels, out]`; PyTorch: a convolution over the whole map, `[out, channels, height, width]`. */
  | { readonly kind: 'map'; readonly height: number; readonly width: number }
  /** One value per channel in any shape; PyTorch: `[channels]`. */
  | { readonly kind: 'vector' };

/** A weight or a running statistic of a network. */
export interface NetworkWeight {
  /** Name in the official PyTorch code: `layer1.0.bn1.running_mean`. */
  readonly name: string;
  readonly variable: Variable;
  readonly layout: WeightLayout;
}

/** Weights of each class of layers: name in tfjs-layers, name in PyTorch, layout. */
const weightsByLayerClass: Readonly<
  Record<string, readonly (readonly [string, string, WeightLayout['kind']])[]>
> = {
  Conv2D: [['kernel', 'weight', 'convolution']],
  DepthwiseConv2D: [['depthwise_kernel', 'weight', 'depthwise']],
  Dense: [['kernel', 'weight', 'dense']],
  PReLU: [['alpha', 'weight', 'vector']],
  BatchNormalization: [
    ['gamma', 'weight', 'vector'],
    ['beta', 'bias', 'vector'],
    ['moving_mean', 'running_mean', 'vector'],
    ['moving_variance', 'running_var', 'vector'],
  ],
};

/**
 * Returns all weights and running statistics of layers with their names in PyTorch. Layers have the names of the modules
 * of the official code.
 * @param mapSizes height and width of the map that a dense layer takes, by the layer's name, if it takes one
 */
export function networkWeights(
  layers: readonly Layer[],
  mapSizes: ReadonlyMap<string, readonly [number, number]>,
): NetworkWeight[] {
  return layers.flatMap((layer) => {
    const weights = weightsByLayerClass[layer.getClassName()] ?? [];
    return weights.map(([own, torch, kind]) => {
      const map = mapSizes.get(layer.name);
      const layout = map ? { kind: 'map' as const, height: map[0], width: map[1] } : { kind };
      const variable = weightOf<Variable & Tensor>(layer, own);
      return { name: `${layer.name}.${torch}`, variable, layout: layout as WeightLayout };
    });
  });
}
