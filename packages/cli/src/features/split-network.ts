import { createHash } from 'node:crypto';
import {
  type Backbone,
  type BackboneConfig,
  type BackboneForwardOptions,
  isSplitBackbone,
  ShapeError,
  type SplitBackbone,
  shapeText,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FeatureFacts } from './feature-cache.ts';
import type { FeatureVariants } from './feature-source.ts';

/** Number of values of the features of an image above which they are not cached: 64 KiB an image. */
const mostFeatures = 2 ** 14;

/** Options of a backbone that concern only the part after the frozen one, or only names. */
const trainedOptions = new Set(['head', 'name', 'seed']);

/** Returns the backbone if it has a frozen part whose features are small enough to keep; otherwise null. */
export function withFrozenPart(backbone: Backbone): SplitBackbone | null {
  if (!isSplitBackbone(backbone)) return null;
  const { featureShape, inputShape } = backbone;
  const isFrozen = !tf.util.arraysEqual([...featureShape], inputShape.map(Number));
  return isFrozen && tf.util.sizeFromShape([...featureShape]) <= mostFeatures ? backbone : null;
}

/**
 * Returns what the features of an image depend on besides the image: the frozen weights, the options of the network, and the
 * backend or the engine, whose rounding differs from that of others.
 */
export async function frozenFacts(
  backbone: SplitBackbone,
  engine: string = tf.getBackend(),
): Promise<FeatureFacts> {
  const options = Object.entries(backbone.getConfig()).filter(([name]) => !trainedOptions.has(name));
  const state = backbone.getFrozenState();
  try {
    const digest = createHash('sha256').update(JSON.stringify(options.sort()));
    for (const name of Object.keys(state).sort()) {
      const { dtype, shape } = state[name] as tf.Tensor;
      const values = await (state[name] as tf.Tensor).data();
      digest.update(JSON.stringify({ name, dtype, shape }));
      digest.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
    return {
      network: digest.digest('hex'),
      features: [...backbone.featureShape],
      backend: engine,
    };
  } finally {
    tf.dispose(state);
  }
}

/**
 * The trained part of a split backbone as a backbone of its own, whose images are features: `[batch, 1, variants, size]`. It
 * embeds the first variant, those of the image. The second one are those of the mirror image: a mirrored "image" of features
 * has them first, so `Verifier` sums over both as it does for images. Variables and state are those of the split backbone,
 * which the caller disposes of.
 */
export class FeatureBackbone implements Backbone {
  readonly split: SplitBackbone;
  readonly inputShape: readonly [height: number, variants: number, channels: number];

  /** @param variants of the features to embed; training batches have one */
  constructor(split: SplitBackbone, variants: FeatureVariants) {
    this.split = split;
    this.inputShape = [1, variants, tf.util.sizeFromShape([...split.featureShape])];
  }

  get name(): string {
    return this.split.name;
  }

  get embeddingSize(): number {
    return this.split.embeddingSize;
  }

  get trainable(): readonly tf.Variable[] {
    return this.split.trainable;
  }

  get statistics(): readonly tf.Variable[] {
    return this.split.statistics ?? [];
  }

  forward(images: tf.Tensor4D, options: BackboneForwardOptions = {}): tf.Tensor2D {
    const { split, inputShape } = this;
    const [batch, height, variants, size] = images.shape;
    if (height !== 1 || size !== inputShape[2]) {
      throw new ShapeError(
        `${this.name} takes features [batch, 1, variants, ${inputShape[2]}], but got ${shapeText(images.shape)}.`,
      );
    }
    return tf.tidy(() => {
      const first = variants === 1 ? images : tf.slice(images, [0, 0, 0, 0], [batch, 1, 1, size]);
      return split.forwardFeatures(tf.reshape(first, [batch, ...split.featureShape]), options);
    });
  }

  afterStep(): void {
    this.split.afterStep?.();
  }

  getConfig(): BackboneConfig {
    return this.split.getConfig();
  }

  getState(): tf.NamedTensorMap {
    return this.split.getState();
  }

  setState(state: tf.NamedTensorMap): void {
    this.split.setState(state);
  }

  dispose(): void {
    this.split.dispose();
  }
}
