import { createBackbone } from '@openset/backbones';
import type { Backbone, BackboneConfig } from '@openset/core';
import { createPretrainedBackbone } from '@openset/pretrained';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * Creates a network of any kind with its weights: one of openset's networks, or a graph model from elsewhere.
 * @param config `backbone` of a model's description
 * @param state weights of the model; the caller disposes of them
 * @throws ConfigError for an unknown kind; DataError, ShapeError if the weights do not fit
 */
export function createNetwork(config: BackboneConfig, state: tf.NamedTensorMap): Backbone {
  if (config.backbone === 'graph') return createPretrainedBackbone(config, state);
  const backbone = createBackbone(config);
  try {
    backbone.setState(state);
    return backbone;
  } catch (error) {
    backbone.dispose();
    throw error;
  }
}
