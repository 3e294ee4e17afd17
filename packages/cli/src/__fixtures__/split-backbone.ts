import { type Backbone, type BackboneConfig, type SplitBackbone, stopGradient } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** Options of `TinySplitBackbone`. */
export interface TinySplitOptions {
  /** Factor of the frozen features: another value is another network. */
  readonly factor?: number;
  readonly embeddingSize?: number;
}

/**
 * A split backbone for tests. Its frozen part returns the left and the right half of a grey image of 4 × 4 pixels as two sums of
 * each row, so that mirror images have other features; its trained part is a linear map.
 */
export class TinySplitBackbone implements SplitBackbone {
  readonly name = 'tiny-split';
  readonly inputShape: Backbone['inputShape'] = [4, 4, 1];
  readonly featureShape = [8];
  readonly embeddingSize: number;
  readonly weight: tf.Variable;
  /** Number of images whose features were computed. */
  computed = 0;
  private readonly factor: tf.Variable;

  constructor({ factor = 1, embeddingSize = 3 }: TinySplitOptions = {}) {
    this.embeddingSize = embeddingSize;
    this.factor = tf.variable(tf.scalar(factor), false);
    const values = Float32Array.from({ length: 8 * embeddingSize }, (_, index) => Math.sin(1 + index));
    this.weight = tf.variable(tf.tensor2d(values, [8, embeddingSize])) as tf.Variable;
  }

  get trainable(): readonly tf.Variable[] {
    return [this.weight];
  }

  features(images: tf.Tensor4D): tf.Tensor {
    this.computed += images.shape[0];
    return stopGradient(() => {
      const halves = tf.reshape(tf.mul(images, this.factor), [images.shape[0], 8, 2]);
      return tf.sum(halves, 2);
    });
  }

  forwardFeatures(features: tf.Tensor): tf.Tensor2D {
    return tf.matMul(features as tf.Tensor2D, this.weight as unknown as tf.Tensor2D);
  }

  forward(images: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => this.forwardFeatures(this.features(images)));
  }

  getConfig(): BackboneConfig {
    return { backbone: this.name };
  }

  getFrozenState(): tf.NamedTensorMap {
    return { factor: tf.clone(this.factor) };
  }

  getState(): tf.NamedTensorMap {
    return { ...this.getFrozenState(), weight: tf.clone(this.weight) };
  }

  setState({ weight }: tf.NamedTensorMap): void {
    this.weight.assign(weight as tf.Tensor);
  }

  dispose(): void {
    tf.dispose([this.factor, this.weight]);
  }
}
