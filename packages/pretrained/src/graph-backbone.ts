import {
  checkImages,
  linearHead,
  type NamedVariable,
  type NetworkBackbone,
  restore,
  snapshot,
} from '@openset/backbones';
import {
  type BackboneConfig,
  type BackboneForwardOptions,
  ConfigError,
  checkNumber,
  DataError,
  ShapeError,
  type SplitBackbone,
  shapeText,
  stopGradient,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { decodeWeights } from './decode-weights.ts';
import type { GraphFiles } from './graph-model.ts';
import {
  type GraphBackboneConfig,
  type GraphBackboneOptions,
  type ResolvedGraphOptions,
  resolveGraphOptions,
} from './graph-options.ts';
import { fuseGraph, GraphPart, scaleFilter } from './graph-part.ts';
import {
  findInput,
  type GraphConstant,
  type GraphTopology,
  inputShapeOf,
  planGraph,
  pruneNodes,
} from './graph-topology.ts';
import type { ConstantValues, ReadGraph } from './read-graph.ts';

/** Names in a state: the graph without its weights as characters, and the beginnings of the names of weights. */
const topologyName = 'topology';
const graphPrefix = 'graph/';
const headPrefix = 'head/';

/**
 * Creates a backbone over a tfjs graph model, frozen as a whole unless `freeze` says otherwise. On request it has a head that
 * is trained. Its state contains the graph up to the output node with its weights, so that a model file needs no other file.
 *
 * Batch norms of the graph always use their statistics. A frozen part records nothing on a gradient tape.
 *
 * @param files from `readGraphModel`
 * @throws ConfigError for an option out of range, an unknown output node, or a graph without a single input of a known size;
 *   DataError for a graph that is damaged or has weights that are not numbers; ShapeError if the output is not one
 *   vector for each image
 */
export function graphBackbone(files: GraphFiles, options: GraphBackboneOptions): GraphBackbone {
  const nodes = pruneNodes(files.modelTopology as object, options.output);
  const all = decodeWeights(files);
  try {
    const weights: tf.NamedTensorMap = {};
    const constants: Record<string, GraphConstant> = {};
    for (const { name, op } of nodes) {
      if (op !== 'Const') continue;
      const weight = all[name];
      if (!weight)
        throw new DataError(
          `The graph model is damaged: it lacks the weight '${name}' among ${files.weightSpecs.length}.`,
        );
      if (weight.dtype === 'float32') weights[name] = weight;
      else constants[name] = readConstant(name, weight);
    }
    const resolved = resolveGraphOptions(options, inputShapeOf(findInput(nodes)));
    const topology = { nodes, constants };
    const { featureSize = measureFeatures(topology, weights, resolved) } = options;
    return new GraphBackbone(topology, weights, { ...resolved, featureSize });
  } finally {
    tf.dispose(all);
  }
}

/**
 * Creates a graph backbone from its configuration and state, which a model file contains.
 * @param config `backbone.getConfig()`; `head`, `freeze` and `seed` may differ
 * @param state `backbone.getState()`; the caller disposes of it. Without a head, the new head has initial weights
 * @throws ConfigError for another kind of configuration; DataError, ShapeError for a state that does not fit it
 */
export function createPretrainedBackbone(config: BackboneConfig, state: tf.NamedTensorMap): GraphBackbone {
  const { featureSize, ...options } = config as GraphBackboneConfig;
  if (config.backbone !== 'graph') {
    throw new ConfigError(`The configuration is of '${String(config.backbone)}', expected 'graph'.`);
  }
  const topology = readTopology(state);
  const weights = Object.fromEntries(
    Object.entries(state)
      .filter(([name]) => name.startsWith(graphPrefix))
      .map(([name, tensor]) => [name.slice(graphPrefix.length), tensor]),
  );
  for (const { name, op } of topology.nodes) {
    if (op !== 'Const' || name in weights || name in topology.constants) continue;
    throw new DataError(`This state does not fit ${options.name}: it lacks the weight '${name}'.`);
  }
  const resolved = resolveGraphOptions(options, inputShapeOf(findInput(topology.nodes)));
  const backbone = new GraphBackbone(topology, weights, { ...resolved, featureSize });
  try {
    const hasHead = Object.keys(state).some((name) => name.startsWith(headPrefix));
    if (hasHead || config.head === null) backbone.setState(state);
    return backbone;
  } catch (error) {
    backbone.dispose();
    throw error;
  }
}

/** A tfjs graph model as a backbone, of `graphBackbone`. */
export class GraphBackbone implements SplitBackbone {
  readonly name: string;
  readonly inputShape: GraphBackboneConfig['inputShape'];
  readonly embeddingSize: number;
  readonly trainable: readonly tf.Variable[];
  readonly featureShape: readonly number[];
  /** Number of stages of the graph that `freeze` can name. */
  readonly stageCount: number;
  private readonly config: GraphBackboneConfig;
  private readonly input: string;
  /** Node where the frozen part ends; the input if nothing is frozen. */
  private readonly cut: string;
  private readonly head: NetworkBackbone | null;
  private readonly graph: GraphTopology;
  private readonly topologyText: string;
  private readonly topology: tf.Tensor1D;
  private readonly variables: readonly NamedVariable[];
  private readonly frozen: readonly NamedVariable[];
  /** Weights of the graph by the names of their nodes. */
  private readonly weights: Readonly<Record<string, tf.Variable>>;
  /** The graph up to the cut; null if nothing is frozen. */
  private frozenPart: GraphPart | null;
  /** The graph after the cut; null if all is frozen. */
  private readonly trainedPart: GraphPart | null;
  private disposed = false;

  /** For `graphBackbone` and `createPretrainedBackbone`. */
  constructor(topology: GraphTopology, weights: tf.NamedTensorMap, config: GraphBackboneConfig) {
    const { name, output, inputShape, featureSize, head, freeze, seed } = config;
    const plan = planGraph(topology.nodes, output, weights);
    this.config = config;
    this.name = name;
    this.inputShape = inputShape;
    this.embeddingSize = head ?? featureSize;
    this.input = findInput(topology.nodes).name;
    this.stageCount = plan.cuts.length + 1;
    const frozenStages = freeze === 'all' ? this.stageCount : freeze;
    if (frozenStages > this.stageCount) {
      throw new ConfigError(
        `${name}: freeze is ${frozenStages}, but the graph has ${this.stageCount} stages. Freeze fewer, or 'all'.`,
      );
    }
    this.cut = [this.input, ...plan.cuts, output][frozenStages]!;
    this.head = head === null ? null : linearHead({ featureSize, embeddingSize: head, seed });
    this.topologyText = JSON.stringify(topology);
    this.topology = tf.keep(tf.tensor1d(charactersOf(this.topologyText), 'int32'));
    this.graph = topology;
    const graph = Object.entries(weights).map(([weight, tensor]): NamedVariable & { stage: number } => {
      const stage = plan.stageOfWeight.get(weight) ?? -1;
      const variable = tf.variable(tensor, stage >= frozenStages);
      return { name: `${graphPrefix}${weight}`, variable, stage };
    });
    const byName = new Map(graph.map((one) => [one.name, one.variable]));
    const trained = [...plan.stageOfWeight].filter(([, stage]) => stage >= frozenStages);
    const headVariables = (this.head?.weights ?? []).map((weight) => ({
      name: `${headPrefix}${weight.name}`,
      variable: weight.variable,
    }));
    this.variables = [...graph, ...headVariables];
    this.frozen = graph.filter(({ variable }) => !variable.trainable);
    this.trainable = [
      ...trained.map(([weight]) => byName.get(`${graphPrefix}${weight}`)!),
      ...(this.head?.trainable ?? []),
    ];
    this.weights = Object.fromEntries(
      Object.keys(weights).map((weight) => [weight, byName.get(`${graphPrefix}${weight}`)!]),
    );
    this.frozenPart = this.openFrozenPart();
    this.trainedPart =
      this.cut === output
        ? null
        : new GraphPart(topology, this.weights, { from: this.cut, to: output, isFused: false });
    this.featureShape = this.measureFeatureShape(frozenStages);
  }

  /** Whether the whole graph is frozen; a head is not. */
  get isFrozen(): boolean {
    return this.cut === this.config.output;
  }

  /** The trained variables of the head; empty without one. */
  get headVariables(): readonly tf.Variable[] {
    return this.head?.trainable ?? [];
  }

  get statistics(): readonly tf.Variable[] {
    return this.head?.statistics ?? [];
  }

  forward(images: tf.Tensor4D, options: BackboneForwardOptions = {}): tf.Tensor2D {
    return tf.tidy(() => this.forwardFeatures(this.features(images), options));
  }

  features(images: tf.Tensor4D): tf.Tensor {
    this.checkAlive();
    checkImages(this, images);
    return stopGradient(() => {
      const [black, white] = this.config.inputRange;
      const isScaled = black !== -1 || white !== 1;
      const scaled = isScaled ? tf.add(tf.mul(images, (white - black) / 2), (white + black) / 2) : images;
      if (!this.frozenPart) return isScaled ? scaled : tf.clone(scaled);
      const features = this.frozenPart.run(scaled);
      return this.cut === this.config.output ? this.asRows(features, images.shape[0]) : features;
    });
  }

  forwardFeatures(
    features: tf.Tensor,
    { training = false, seed = 0 }: BackboneForwardOptions = {},
  ): tf.Tensor2D {
    this.checkAlive();
    if (training) checkNumber(`${this.name}: seed`, seed, { integer: true });
    const [batch = 0, ...shape] = features.shape;
    if (batch === 0 || !tf.util.arraysEqual(shape, [...this.featureShape])) {
      throw new ShapeError(
        `${this.name} takes features [batch, ${this.featureShape.join(', ')}], but got ${shapeText(features.shape)}.`,
      );
    }
    return tf.tidy(() => {
      const { featureSize } = this.config;
      const rows = this.trainedPart
        ? this.asRows(this.trainedPart.run(features), batch)
        : (features as tf.Tensor2D);
      if (!this.head) return this.trainedPart ? rows : tf.clone(rows);
      return this.head.forward(tf.reshape(rows, [batch, 1, 1, featureSize]), { training, seed });
    });
  }

  getConfig(): BackboneConfig {
    return structuredClone(this.config);
  }

  getState(): tf.NamedTensorMap {
    this.checkAlive();
    return { [topologyName]: tf.clone(this.topology), ...snapshot(this.variables) };
  }

  getFrozenState(): tf.NamedTensorMap {
    this.checkAlive();
    return { [topologyName]: tf.clone(this.topology), ...snapshot(this.frozen) };
  }

  /**
   * Returns the network for other runtimes: `exportOnnx` of `@openset/onnx` takes this backbone. Convolutions are fused as in
   * `forward`.
   * @param part the whole network, or its frozen part
   * @throws ConfigError for the frozen part if this ends inside the graph
   */
  async readGraph(part: 'embedding' | 'features' = 'embedding'): Promise<ReadGraph> {
    this.checkAlive();
    const { name, output, inputShape, inputRange, featureSize } = this.config;
    if (part === 'features' && this.cut !== output) {
      throw new ConfigError(
        `${name}: only ${this.config.freeze} stages are frozen, so there is no frozen part to read.`,
      );
    }
    const { nodes, scaledFilters } = fuseGraph(this.graph, this.weights, output);
    const constants = new Map<string, ConstantValues>(Object.entries(this.graph.constants));
    const read = async (weight: string, tensor: tf.Tensor) => {
      constants.set(weight, { shape: tensor.shape, values: (await tensor.data()) as Float32Array });
    };
    for (const [weight, variable] of Object.entries(this.weights)) await read(weight, variable);
    for (const scaled of scaledFilters) {
      const filter = scaleFilter(scaled, this.weights);
      await read(scaled.name, filter);
      filter.dispose();
    }
    const head = part === 'embedding' ? (this.head?.model ?? null) : null;
    return { name, nodes, constants, output, inputShape, inputRange, outputSize: featureSize, head };
  }

  setState(state: tf.NamedTensorMap): void {
    this.checkAlive();
    if (JSON.stringify(readTopology(state)) !== this.topologyText) {
      throw new DataError(
        `This state does not fit ${this.name}: it has another graph, or another output node. Create the backbone from it ` +
          'with createPretrainedBackbone.',
      );
    }
    const { [topologyName]: _, ...weights } = state;
    restore(this.name, this.variables, weights);
    this.frozenPart?.dispose();
    this.frozenPart = this.openFrozenPart();
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.topology.dispose();
    this.frozenPart?.dispose();
    this.trainedPart?.dispose();
    tf.dispose({ ...this.weights });
    this.head?.dispose();
  }

  /** Fused convolutions contain products of weights, so new weights need a new part. */
  private openFrozenPart(): GraphPart | null {
    if (this.cut === this.input) return null;
    const options = { from: this.input, to: this.cut, isFused: true };
    return new GraphPart(this.graph, { ...this.weights }, options);
  }

  private asRows(output: tf.Tensor, batch: number): tf.Tensor2D {
    return asRows(this.config, output, batch);
  }

  /** Runs the frozen part once if it ends inside the graph, where the shapes of values are unknown. */
  private measureFeatureShape(frozenStages: number): readonly number[] {
    if (frozenStages === 0) return this.inputShape;
    if (this.cut === this.config.output) return [this.config.featureSize];
    return tf.tidy(() => this.features(tf.zeros([1, ...this.inputShape])).shape.slice(1));
  }

  private checkAlive(): void {
    if (this.disposed) throw new ConfigError(`This ${this.name} was disposed of; make a new one.`);
  }
}

/** Reads a constant that is not a weight. @throws DataError if it is a string */
function readConstant(name: string, tensor: tf.Tensor): GraphConstant {
  const { dtype, shape } = tensor;
  if (dtype !== 'int32' && dtype !== 'bool') {
    throw new DataError(
      `The weight '${name}' of the graph model has the type ${dtype}, but only numbers are supported.`,
    );
  }
  return { shape, dtype, values: Array.from(tensor.dataSync()) };
}

/** Reads the graph of a state. @throws DataError if there is none, or if it is damaged */
function readTopology(state: tf.NamedTensorMap): GraphTopology {
  const tensor = state[topologyName];
  const problem = (what: string, cause?: unknown) =>
    new DataError(`This state has no graph model: ${what}.`, { cause });
  if (!tensor || tensor.isDisposed) throw problem(`the tensor '${topologyName}' is missing`);
  const codes = tensor.dataSync();
  let text = '';
  for (let first = 0; first < codes.length; first += 8192) {
    text += String.fromCharCode(...codes.subarray(first, first + 8192));
  }
  try {
    const { nodes, constants } = JSON.parse(text) as GraphTopology;
    if (Array.isArray(nodes) && typeof constants === 'object') return { nodes, constants };
  } catch (error) {
    throw problem(`the tensor '${topologyName}' is not JSON`, error);
  }
  throw problem(`the tensor '${topologyName}' has no nodes`);
}

function charactersOf(text: string): Int32Array {
  const codes = new Int32Array(text.length);
  for (let index = 0; index < codes.length; index++) codes[index] = text.charCodeAt(index);
  return codes;
}

function asRows(
  { name, output: node }: Pick<ResolvedGraphOptions, 'name' | 'output'>,
  output: tf.Tensor,
  batch: number,
  size = output.size / batch,
): tf.Tensor2D {
  const isVector = output.shape.filter((length, axis) => axis > 0 && length !== 1).length <= 1;
  if (isVector && output.size === batch * size) return tf.reshape(output, [batch, size]);
  throw new ShapeError(
    `'${node}' of ${name} has the shape ${shapeText(output.shape)} for ${batch} images, expected one vector for each image. ` +
      'Name the node before it is reduced further, or after it is pooled.',
  );
}

/** Returns the length of the output of one image. */
function measureFeatures(
  topology: GraphTopology,
  weights: tf.NamedTensorMap,
  config: ResolvedGraphOptions,
): number {
  const from = findInput(topology.nodes).name;
  const part = new GraphPart(topology, weights, { from, to: config.output, isFused: false });
  try {
    return tf.tidy(() => asRows(config, part.run(tf.zeros([1, ...config.inputShape])), 1).shape[1]!);
  } finally {
    part.dispose();
  }
}
