import type { EmbeddingEngine, ImageBatchShape, SplitBackbone } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * An engine for the frozen part of a network; the trained part, a small head, runs on the backend. So the features of images can be
 * cached.
 */
export class SplitEngine implements EmbeddingEngine {
  readonly name: string;
  /** Computes features. */
  readonly features: EmbeddingEngine;
  readonly #split: SplitBackbone;

  /**
   * @param split the caller disposes of it
   * @param features of the frozen part; the new engine disposes of it
   */
  constructor(split: SplitBackbone, features: EmbeddingEngine) {
    this.#split = split;
    this.features = features;
    this.name = features.name;
  }

  async embed(images: Float32Array, shape: ImageBatchShape): Promise<Float32Array> {
    const features = await this.features.embed(images, shape);
    if (this.#split.trainable.length === 0) return features;
    const rows = tf.tidy(() =>
      this.#split.forwardFeatures(tf.tensor(features, [shape[0], ...this.#split.featureShape])),
    );
    try {
      return (await rows.data()) as Float32Array;
    } finally {
      rows.dispose();
    }
  }

  dispose(): Promise<void> {
    return this.features.dispose();
  }
}
