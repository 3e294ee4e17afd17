import {
  type Backbone,
  type BackboneConfig,
  type BackboneForwardOptions,
  ConfigError,
  checkNumber,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkImages } from './check-images.ts';
import type { Network } from './network.ts';
import { runNetwork } from './run-network.ts';
import { restore, snapshot } from './variable-state.ts';
import { type NetworkWeight, networkWeights } from './weights.ts';

/** What makes a backbone of a network. */
export interface NetworkDefinition {
  readonly network: Network;
  readonly config: BackboneConfig;
  readonly checkpointing: boolean;
  /** PReLU slopes are held at least at this after each step; none: they are free. */
  readonly minimumSlope?: number;
  /** Height and width of the map that a dense layer sees, by the layer's name. */
  readonly mapSizes?: ReadonlyMap<string, readonly [number, number]>;
}

/** A backbone of this package: a network of tfjs-layers that trains faster than tfjs-layers does. */
export class NetworkBackbone implements Backbone {
  readonly name: string;
  readonly inputShape: readonly [height: number, width: number, channels: number];
  readonly embeddingSize: number;
  /** In the order in which images meet the layers (a shortcut before its block's own path); frozen ones are left out. */
  readonly trainable: readonly tf.Variable[];
  /**
   * The same network, with the same variables, for everything that tfjs has: `model.save`, `model.summary`,
   * `model.predict`. It holds stock layers alone: what it saves, plain tfjs-layers loads.
   */
  readonly model: LayersModel;
  /** All weights and running statistics, with the names they have in a state. */
  readonly weights: readonly NetworkWeight[];
  private readonly definition: NetworkDefinition;
  private readonly slopes: readonly tf.Variable[];
  private disposed = false;

  /** Made by `lresnetIR` and its like. */
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
    this.slopes = prelus.map((layer) => layer.weights[0]!.read() as tf.Variable);
  }

  forward(images: tf.Tensor4D, { training = false, seed = 0 }: BackboneForwardOptions = {}): tf.Tensor2D {
    this.checkAlive();
    checkImages(this, images);
    if (training) checkNumber(`${this.name}: seed`, seed, { integer: true });
    const { network, checkpointing } = this.definition;
    return runNetwork(network, images, { training, seed }, checkpointing);
  }

  afterStep(): void {
    const { minimumSlope } = this.definition;
    if (minimumSlope === undefined) return;
    this.checkAlive();
    for (const slope of this.slopes) tf.tidy(() => slope.assign(tf.maximum(slope, minimumSlope)));
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
    this.model.dispose();
  }

  private checkAlive(): void {
    if (this.disposed) throw new ConfigError(`This ${this.name} was disposed of; make a new one.`);
  }
}
