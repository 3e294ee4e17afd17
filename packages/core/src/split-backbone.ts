import type { NamedTensorMap, Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Backbone, BackboneForwardOptions } from './backbone.ts';

/**
 * A backbone whose first part is frozen, so that its features of an image never change and can be computed once:
 * `forward(images)` equals `forwardFeatures(features(images))`.
 */
export interface SplitBackbone extends Backbone {
  /** Shape of the features of one image; the input shape if nothing is frozen. */
  readonly featureShape: readonly number[];
  /**
   * Returns a snapshot of the frozen part: everything that features depend on besides the images and the configuration. The
   * caller disposes of the tensors. A cache of features takes a hash of it as its key.
   */
  getFrozenState(): NamedTensorMap;
  /**
   * Returns the features of a batch: the output of the frozen part, in evaluation mode, without a gradient.
   * @param images `[batch, height, width, channels]` float32
   * @returns `[batch, ...featureShape]`
   * @throws ShapeError if the images have another shape
   */
  features(images: Tensor4D): Tensor;
  /**
   * Returns the raw embeddings of a batch from its features: the trained part.
   * @param features `[batch, ...featureShape]`
   * @returns `[batch, embeddingSize]`
   */
  forwardFeatures(features: Tensor, options?: BackboneForwardOptions): Tensor2D;
}

/** Returns whether a backbone has a frozen first part whose features can be computed apart. */
export function isSplitBackbone(backbone: Backbone): backbone is SplitBackbone {
  return 'forwardFeatures' in backbone && 'features' in backbone;
}
