import {
  type Backbone,
  type BackboneConfig,
  type BackboneForwardOptions,
  normalValues,
  operation,
  randomNumbers,
  ShapeError,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

let instances = 0;

/** Options of `TinyBackbone`. */
export interface TinyBackboneOptions {
  readonly seed?: number;
  /** Dropout rate of the embedding in training; default 0. */
  readonly dropout?: number;
  /** Whether to subtract the mean of the images: that of the batch in training, else the running mean. Default false. */
  readonly centred?: boolean;
}

/**
 * A linear map from 2 × 2 × 1 images to embeddings of size 3 with every feature of a network: a weight, running statistics,
 * dropout, and a weight with a lower bound. It defines its gradient, so that tfjs-core suffices.
 */
export class TinyBackbone implements Backbone {
  readonly name = 'TinyBackbone';
  readonly inputShape = [2, 2, 1] as const;
  readonly embeddingSize = 3;
  readonly trainable: readonly tf.Variable[];
  readonly kernel: tf.Variable;
  readonly gain: tf.Variable;
  readonly runningMean: tf.Variable;
  readonly options: TinyBackboneOptions;

  constructor(options: TinyBackboneOptions = {}) {
    const prefix = `TinyBackbone_${++instances}`;
    const variable = (initial: tf.Tensor, name: string, trainable = true) => {
      const created = tf.variable(initial, trainable, `${prefix}/${name}`);
      initial.dispose();
      return created as tf.Variable;
    };
    this.options = options;
    this.kernel = variable(normalValues([4, 3], 0.5, options.seed ?? 0), 'kernel');
    this.gain = variable(tf.ones([3]), 'gain');
    this.runningMean = variable(tf.zeros([4]), 'runningMean', false);
    this.trainable = [this.kernel, this.gain];
  }

  forward(images: tf.Tensor4D, { training = false, seed = 0 }: BackboneForwardOptions = {}): tf.Tensor2D {
    const [batch] = images.shape;
    if (images.size !== batch * 4)
      throw new ShapeError(`TinyBackbone takes [batch, 2, 2, 1], not [${images.shape}].`);
    const { dropout = 0, centred = false } = this.options;
    const flat = tf.reshape(images, [batch, 4]);
    const mean = centred && training ? tf.mean(flat, 0) : this.runningMean;
    if (centred && training) {
      tf.tidy(() => this.runningMean.assign(tf.add(tf.mul(this.runningMean, 0.9), tf.mul(mean, 0.1))));
    }
    const random = randomNumbers(seed);
    const draw = () => (training && random() < dropout ? 0 : 1 / (training ? 1 - dropout : 1));
    const mask = tf.tensor2d(Float32Array.from({ length: batch * 3 }, draw), [batch, 3]);
    return operation<tf.Tensor2D>(
      [this.kernel, this.gain],
      () => {
        const inputs = tf.sub(flat, mean) as tf.Tensor2D;
        const products = tf.matMul(inputs, this.kernel as tf.Tensor2D) as tf.Tensor2D;
        const scale = tf.mul(mask, this.gain);
        return { value: tf.mul(products, scale) as tf.Tensor2D, saved: [inputs, products, scale, mask] };
      },
      (dy, [inputs, products, scale, masked]) => [
        tf.matMul(tf.transpose(inputs as tf.Tensor2D), tf.mul(dy, scale as tf.Tensor2D) as tf.Tensor2D),
        tf.sum(tf.mul(dy, tf.mul(products as tf.Tensor, masked as tf.Tensor)), 0),
      ],
    );
  }

  afterStep(): void {
    tf.tidy(() => this.gain.assign(tf.maximum(this.gain, 0.01)));
  }

  getConfig(): BackboneConfig {
    return { backbone: this.name, ...this.options };
  }

  getState(): tf.NamedTensorMap {
    return {
      kernel: tf.clone(this.kernel),
      gain: tf.clone(this.gain),
      runningMean: tf.clone(this.runningMean),
    };
  }

  setState(state: tf.NamedTensorMap): void {
    for (const [name, variable] of Object.entries({
      kernel: this.kernel,
      gain: this.gain,
      runningMean: this.runningMean,
    })) {
      tf.tidy(() => variable.assign(tf.clone(state[name] as tf.Tensor)));
    }
  }

  dispose(): void {
    tf.dispose([this.kernel, this.gain, this.runningMean]);
  }
}
