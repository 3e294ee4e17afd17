import {
  type BackboneConfig,
  type BackboneForwardOptions,
  ConfigError,
  checkNumber,
  type InferenceNetwork,
  ShapeError,
  type SplitBackbone,
  shapeText,
  stopGradient,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages } from './check-images.ts';
import { type NetworkBackbone, runningStatistics } from './network-backbone.ts';
import type { Segment } from './segment.ts';
import { snapshot } from './variable-state.ts';

/** How much of a network is frozen: all but its embedding layer, or this many of its first stages. */
export type FrozenStages = 'backbone' | number;

/**
 * Returns a network whose first stages are frozen: they run in evaluation mode, get no gradient and are missing among the
 * trained variables. Configuration and state are those of the whole network, which the caller hands over.
 *
 * A stage ends before each block that lowers the resolution: `lresnet-ir` has 5 (the first convolution, then four groups of
 * residual blocks), `small-cnn` 3. The embedding layer after them is always trained.
 *
 * @throws ConfigError if the network has fewer stages
 */
export function freezeStages(network: NetworkBackbone, stages: FrozenStages): SplitBackbone {
  const starts = stageStarts(network.segments);
  if (stages !== 'backbone') {
    checkNumber(`${network.name}: freeze`, stages, { minimum: 0, integer: true });
    if (stages > starts.length) {
      throw new ConfigError(
        `${network.name}: freeze is ${stages}, but the network has ${starts.length} stages. Freeze fewer, or 'backbone'.`,
      );
    }
  }
  const last = network.segments.length - 1;
  const frozen = stages === 'backbone' ? last : (starts[stages] ?? last);
  return new FrozenBackbone(network, frozen);
}

/** Returns the number of stages that `freezeStages` can freeze. */
export function countStages(network: NetworkBackbone): number {
  return stageStarts(network.segments).length;
}

/** Returns the index of the first segment of each stage. The last segment is the embedding layer, which is in none. */
function stageStarts(segments: readonly Segment[]): number[] {
  const blocks = segments.slice(0, -1);
  return [...blocks.keys()].filter((index) => index === 0 || lowersResolution(blocks[index]!));
}

function lowersResolution({ input, output }: Segment): boolean {
  return output.shape[1]! < input.shape[1]!;
}

class FrozenBackbone implements SplitBackbone {
  readonly trainable: readonly tf.Variable[];
  readonly featureShape: readonly number[];
  private readonly network: NetworkBackbone;
  /** Number of segments that are frozen. */
  private readonly frozen: number;

  constructor(network: NetworkBackbone, frozen: number) {
    this.network = network;
    this.frozen = frozen;
    this.trainable = network.segments.slice(frozen).flatMap(({ trainable }) => trainable);
    this.featureShape = network.segments[frozen]!.input.shape.slice(1) as number[];
  }

  get name(): string {
    return this.network.name;
  }

  get inputShape(): NetworkBackbone['inputShape'] {
    return this.network.inputShape;
  }

  get embeddingSize(): number {
    return this.network.embeddingSize;
  }

  get statistics(): readonly tf.Variable[] {
    return runningStatistics(this.network.segments.slice(this.frozen));
  }

  forward(images: tf.Tensor4D, options: BackboneForwardOptions = {}): tf.Tensor2D {
    return tf.tidy(() => this.forwardFeatures(this.features(images), options));
  }

  forInference(): InferenceNetwork {
    return this.network.forInference();
  }

  features(images: tf.Tensor4D): tf.Tensor {
    checkImages(this, images);
    if (this.frozen === 0) return stopGradient(() => tf.clone(images));
    return stopGradient(() => this.network.runSegments(0, this.frozen, images, { training: false, seed: 0 }));
  }

  forwardFeatures(
    features: tf.Tensor,
    { training = false, seed = 0 }: BackboneForwardOptions = {},
  ): tf.Tensor2D {
    const [batch = 0, ...shape] = features.shape;
    if (batch === 0 || !tf.util.arraysEqual(shape, [...this.featureShape])) {
      throw new ShapeError(
        `${this.name} takes features [batch, ${this.featureShape.join(', ')}], but got ${shapeText(features.shape)}.`,
      );
    }
    return this.network.runSegments(this.frozen, undefined, features, { training, seed }) as tf.Tensor2D;
  }

  afterStep(): void {
    this.network.limitSlopes(this.trainable);
  }

  getConfig(): BackboneConfig {
    return this.network.getConfig();
  }

  getState(): tf.NamedTensorMap {
    return this.network.getState();
  }

  getFrozenState(): tf.NamedTensorMap {
    const frozenLayers = this.network.segments.slice(0, this.frozen).flatMap(({ steps }) => steps);
    const names = new Set(frozenLayers.map(({ layer }) => layer.name));
    return snapshot(
      this.network.weights.filter(({ name }) => names.has(name.slice(0, name.lastIndexOf('.')))),
    );
  }

  setState(state: tf.NamedTensorMap): void {
    this.network.setState(state);
  }

  dispose(): void {
    this.network.dispose();
  }
}
