import {
  type Backbone,
  type BackboneConfig,
  type BackboneForwardOptions,
  ConfigError,
  checkNumber,
  type InferenceNetwork,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkImages } from './check-images.ts';
import { NetworkInference } from './inference/network-inference.ts';
import { weightOf } from './layers/stock-layer.ts';
import type { Network } from './network.ts';
import { runNetwork } from './run-network.ts';
import type { Segment } from './segment.ts';
import { restore, snapshot } from './variable-state.ts';
import { type NetworkWeight, networkWeights } from './weights.ts';

/** A network and the settings of its backbone. */
export interface NetworkDefinition {
  readonly network: Network;
  readonly config: BackboneConfig;
  readonly checkpointing: boolean;
  /** Lower bound of PReLU slopes after each step; default: none. */
  readonly minimumSlope?: number;
  /** Height and width of the map that a dense layer takes, by the layer's name. */
  readonly mapSizes?: ReadonlyMap<string, readonly [number, number]>;
}

/** A network of this package: layers of tfjs-layers with faster training. */
export class NetworkBackbone implements Backbone {
  readonly name: string;
  readonly inputShape: readonly [height: number, width: number, channels: number];
  readonly embeddingSize: number;
  /** Variables in the order in which images pass the layers (a shortcut before its block), without frozen ones. */
  readonly trainable: readonly tf.Variable[];
  /**
   * The same network with the same variables, for `model.save`, `model.summary` and `model.predict` of tfjs. It contains
   * only stock layers, so plain tfjs-layers loads what it saves.
   */
  readonly model: LayersModel;
  /** All weights and running statistics, with their names in a state. */
  readonly weights: readonly NetworkWeight[];
  private readonly definition: NetworkDefinition;
  private readonly slopes: readonly tf.Variable[];
  private readonly inference: NetworkInference;
  private disposed = false;

  /** For `lresnetIR` and the other functions of this package that create networks. */
  constructor(definition: NetworkDefinition) {
    const { network, config, mapSizes = new Map() } = definition;
    this.definition = definition;
    this.name = config.backbone;
    this.model = network.model;
    this.weights = networkWeights(network.layers, mapSizes);
    this.trainable = network.segments.flatMap(({ trainable }) => trainable);
    const [input, output] = [this.model.inputs[0]!.shape, this.model.outputs[0]!.shape];
    this.inputShape = [input[1]!, input[2]!, input[3]!];
    this.embeddingSize = output[1]!;
    const prelus = network.layers.filter((layer) => layer.getClassName() === 'PReLU');
    const check = (images: tf.Tensor4D) => {
      this.checkAlive();
      checkImages(this, images);
    };
    this.inference = new NetworkInference(network, check, (images) => this.forward(images));
    this.slopes = prelus.map((layer) => layer.weights[0]!.read() as tf.Variable);
  }

  forward(images: tf.Tensor4D, { training = false, seed = 0 }: BackboneForwardOptions = {}): tf.Tensor2D {
    this.checkAlive();
    checkImages(this, images);
    if (training) checkNumber(`${this.name}: seed`, seed, { integer: true });
    const { network, checkpointing } = this.definition;
    return runNetwork(network, images, { training, seed }, checkpointing);
  }

  get statistics(): readonly tf.Variable[] {
    return runningStatistics(this.segments);
  }

  forInference(): InferenceNetwork {
    this.checkAlive();
    return this.inference;
  }

  /** @internal Parts of the network that run one after another; the last one is the embedding layer. */
  get segments(): readonly Segment[] {
    return this.definition.network.segments;
  }

  /** @internal Runs the segments from `first` to before `end`. */
  runSegments(
    first: number,
    end: number | undefined,
    x: tf.Tensor,
    pass: Required<BackboneForwardOptions>,
  ): tf.Tensor {
    this.checkAlive();
    const segments = this.segments.slice(first, end);
    return runNetwork({ segments }, x, pass, this.definition.checkpointing);
  }

  afterStep(): void {
    this.limitSlopes(this.trainable);
  }

  /** @internal Raises the PReLU slopes among these variables to their lower bound. */
  limitSlopes(variables: readonly tf.Variable[]): void {
    const { minimumSlope } = this.definition;
    if (minimumSlope === undefined) return;
    this.checkAlive();
    for (const slope of this.slopes) {
      if (variables.includes(slope)) tf.tidy(() => slope.assign(tf.maximum(slope, minimumSlope)));
    }
  }

  getConfig(): BackboneConfig {
    return structuredClone(this.definition.config);
  }

  getState(): tf.NamedTensorMap {
    this.checkAlive();
    return snapshot(this.weights);
  }

  setState(state: tf.NamedTensorMap): void {
    this.checkAlive();
    restore(this.name, this.weights, state);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.inference.release();
    this.model.dispose();
  }

  private checkAlive(): void {
    if (this.disposed) throw new ConfigError(`This ${this.name} was disposed of; make a new one.`);
  }
}

/** Returns the running statistics of the batch norms of some segments. */
export function runningStatistics(segments: readonly Segment[]): readonly tf.Variable[] {
  const layers = segments.flatMap(({ steps }) => steps.map(({ layer }) => layer));
  return layers
    .filter((layer) => layer.getClassName() === 'BatchNormalization')
    .flatMap((layer) => ['moving_mean', 'moving_variance'].map((name) => weightOf<tf.Variable>(layer, name)));
}
