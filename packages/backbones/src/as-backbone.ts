import {
  type Backbone,
  type BackboneConfig,
  type BackboneForwardOptions,
  ConfigError,
  checkNumber,
  ShapeError,
  shapeText,
  stopGradient,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { LayersModel } from '@tensorflow/tfjs-layers';
import { type AsBackboneOptions, checkAsBackboneOptions } from './as-backbone-options.ts';
import { checkImages } from './check-images.ts';
import { type NamedVariable, restore, snapshot } from './variable-state.ts';

/** The methods of a `GraphModel` of `@tensorflow/tfjs-converter` that `asBackbone` calls. */
export interface GraphModelLike {
  /** Runs the model up to the named node; default: its outputs. */
  execute(inputs: tf.Tensor, outputs?: string): tf.Tensor | tf.Tensor[];
  /** Frees the model's weights. */
  dispose(): void;
}

/** A function from images to embeddings. */
export type EmbeddingFunction = (images: tf.Tensor4D, options: Required<BackboneForwardOptions>) => tf.Tensor;

/** What `asBackbone` wraps. */
export type BackboneSource = LayersModel | GraphModelLike | EmbeddingFunction;

/**
 * Returns a backbone that wraps a model or function from images to embeddings: a `LayersModel`, a `GraphModel`, or your
 * own function. The backbone is frozen, always runs in evaluation mode and records nothing on a gradient tape, unless it
 * wraps a `LayersModel` with `trainable: true`. An output `[batch, 1, 1, size]` becomes `[batch, size]`.
 *
 * Its state holds the variables of a `LayersModel`, and is empty for other sources. If two weights of a model have the
 * same name (nested models allow that), `getState` throws a ConfigError. `dispose` also frees the model.
 *
 * @throws ConfigError if an option is unknown, out of its range or unsupported by the source, or if `inputShape` or
 *   `embeddingSize` is missing
 */
export function asBackbone(source: BackboneSource, options: AsBackboneOptions = {}): Backbone {
  return new AdoptedBackbone(source, options);
}

class AdoptedBackbone implements Backbone {
  readonly name: string;
  readonly inputShape: Backbone['inputShape'];
  readonly embeddingSize: number;
  readonly trainable: readonly tf.Variable[];
  private readonly source: BackboneSource;
  private readonly options: AsBackboneOptions;
  private disposed = false;

  constructor(source: BackboneSource, options: AsBackboneOptions) {
    checkAsBackboneOptions(options);
    const model = source instanceof LayersModel ? source : null;
    const [kind, known] = describeSource(source);
    const { name = kind, inputShape = known?.inputShape, embeddingSize = known?.embeddingSize } = options;
    if (!inputShape || embeddingSize === undefined) {
      throw new ConfigError(
        `asBackbone cannot read the shapes of '${name}': give inputShape [height, width, channels] and embeddingSize.`,
      );
    }
    checkNumber(`${name}: embeddingSize`, embeddingSize, { minimum: 1, integer: true });
    if (options.trainable && !model) {
      throw new ConfigError(`Only a LayersModel can be trained, and '${name}' is none: remove trainable.`);
    }
    if (options.output !== undefined && !isGraphModel(source)) {
      throw new ConfigError(`Only a GraphModel has outputs by name, and '${name}' is none: remove output.`);
    }
    this.name = name;
    this.source = source;
    this.options = options;
    this.inputShape = inputShape;
    this.embeddingSize = embeddingSize;
    const trained = options.trainable ? (model?.trainableWeights ?? []) : [];
    this.trainable = [...new Set(trained)].map((weight) => weight.read() as tf.Variable);
  }

  get statistics(): readonly tf.Variable[] {
    if (!this.options.trainable || !(this.source instanceof LayersModel)) return [];
    return this.source.nonTrainableWeights
      .filter(({ originalName }) => /moving_(mean|variance)$/.test(originalName))
      .map((weight) => weight.read() as tf.Variable);
  }

  forward(images: tf.Tensor4D, { training = false, seed = 0 }: BackboneForwardOptions = {}): tf.Tensor2D {
    this.checkAlive();
    checkImages(this, images);
    if (this.options.trainable) return tf.tidy(() => this.embed(images, { training, seed }));
    // Evaluation mode: batch norms of a frozen extractor keep their statistics.
    return stopGradient(() => this.embed(images, { training: false, seed }));
  }

  private embed(images: tf.Tensor4D, pass: Required<BackboneForwardOptions>): tf.Tensor2D {
    const { inputRange, preprocess } = this.options;
    let prepared = images;
    if (inputRange) {
      const [black, white] = inputRange;
      prepared = tf.add(tf.mul(prepared, (white - black) / 2), (white + black) / 2);
    }
    if (preprocess) prepared = preprocess(prepared);
    const output = this.run(prepared, pass);
    const batch = images.shape[0];
    const outputShape = Array.isArray(output) ? [] : output.shape;
    if (Array.isArray(output) || output.size !== batch * this.embeddingSize || outputShape[0] !== batch) {
      const found = Array.isArray(output) ? `${output.length} tensors` : shapeText(outputShape);
      throw new ShapeError(
        `'${this.name}' returned ${found}, expected embeddings ${shapeText([batch, this.embeddingSize])}.`,
      );
    }
    return tf.reshape(output, [batch, this.embeddingSize]);
  }

  private run(images: tf.Tensor4D, pass: Required<BackboneForwardOptions>): tf.Tensor | tf.Tensor[] {
    const { source } = this;
    if (source instanceof LayersModel) return source.apply(images, { ...pass }) as tf.Tensor | tf.Tensor[];
    if (isGraphModel(source)) return source.execute(images, this.options.output);
    return source(images, pass);
  }

  getConfig(): BackboneConfig {
    const { inputRange, output, trainable = false } = this.options;
    return structuredClone({
      backbone: this.name,
      inputShape: this.inputShape,
      embeddingSize: this.embeddingSize,
      trainable,
      ...(inputRange ? { inputRange } : {}),
      ...(output === undefined ? {} : { output }),
    });
  }

  getState(): tf.NamedTensorMap {
    this.checkAlive();
    return snapshot(this.variables());
  }

  setState(state: tf.NamedTensorMap): void {
    this.checkAlive();
    restore(this.name, this.variables(), state);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    if (typeof this.source !== 'function') this.source.dispose();
  }

  /** Returns the variables with their names in a state. @throws ConfigError if two have the same name */
  private variables(): readonly NamedVariable[] {
    return this.source instanceof LayersModel ? namedVariables(this.name, this.source.weights) : [];
  }

  private checkAlive(): void {
    if (this.disposed) throw new ConfigError(`This ${this.name} was disposed of; make a new one.`);
  }
}

/** Returns whether a configuration comes from `asBackbone`: no network of this package has these two options. */
export function isAdoptedConfig(config: BackboneConfig): boolean {
  return 'inputShape' in config && 'trainable' in config;
}

/** Returns the variables of a model with their names in a state. A layer that nested models share counts once. */
function namedVariables(owner: string, weights: LayersModel['weights']): NamedVariable[] {
  const variables = new Map<string, tf.Variable>();
  for (const weight of new Set(weights)) {
    const { originalName } = weight;
    if (variables.has(originalName)) {
      throw new ConfigError(
        `'${owner}' has more than one weight '${originalName}', so a state cannot distinguish them: give the layers of ` +
          'its nested models unique names.',
      );
    }
    variables.set(originalName, weight.read() as tf.Variable);
  }
  return [...variables].map(([name, variable]) => ({ name, variable }));
}

function isGraphModel(source: BackboneSource): source is GraphModelLike {
  return typeof source !== 'function' && !(source instanceof LayersModel);
}

function describeSource(
  source: BackboneSource,
): [kind: string, known?: { inputShape: Backbone['inputShape']; embeddingSize: number }] {
  if (typeof source === 'function') return ['function'];
  if (!(source instanceof LayersModel)) {
    if (typeof source?.execute === 'function') return ['graph-model'];
    throw new ConfigError(
      `asBackbone takes a LayersModel, a GraphModel or a function, not ${source === null ? 'null' : typeof source}.`,
    );
  }
  const { inputs, outputs, name } = source;
  const [input, output] = [inputs[0]!.shape, outputs[0]!.shape];
  if (inputs.length !== 1 || outputs.length !== 1 || input.length !== 4 || output.at(-1) == null) {
    throw new ConfigError(
      `asBackbone takes models with one input [batch, height, width, channels] and one output, but '${name}' has ` +
        `${inputs.length} (${JSON.stringify(input)}) and ${outputs.length} (${JSON.stringify(output)}).`,
    );
  }
  const inputShape = input.slice(1) as [number | null, number | null, number];
  return [name, { inputShape, embeddingSize: output.at(-1)! }];
}
