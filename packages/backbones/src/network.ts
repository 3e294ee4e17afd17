import * as tf from '@tensorflow/tfjs-core';
import { input, type LayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { applyLayer, type Layer, type Pass, variablesOf } from './layers/stock-layer.ts';
import { barrier } from './ops/network-operation.ts';
import type { Segment, Step } from './segment.ts';
import { trainingSteps } from './training-steps.ts';

/** A network, as a model of tfjs-layers and as segments that run one after another. */
export interface Network {
  readonly model: LayersModel;
  readonly segments: readonly Segment[];
  /** Layers in the order in which they were added. */
  readonly layers: readonly Layer[];
}

/** Builds a network from layers and divides it into segments. */
export class NetworkBuilder {
  /** Input of the network. */
  readonly images: SymbolicTensor;
  private readonly segments: Omit<Segment, 'trainingSteps'>[] = [];
  private steps: Omit<Step, 'lastUses'>[] = [];
  private segmentInput: SymbolicTensor;

  /** @param inputShape height, width and channels of the images */
  constructor(inputShape: readonly number[]) {
    this.images = input({ shape: [...inputShape], name: 'images' });
    this.segmentInput = this.images;
  }

  /** Applies a layer. @returns its output */
  add(layer: Layer, ...inputs: readonly SymbolicTensor[]): SymbolicTensor {
    const output = layer.apply(inputs.length === 1 ? inputs[0]! : [...inputs]) as SymbolicTensor;
    this.steps.push({ layer, inputs, output });
    return output;
  }

  /** Ends a segment: later layers may use no earlier tensor but `output`. */
  endSegment(output: SymbolicTensor): SymbolicTensor {
    const read = new Set<number>();
    const steps: Step[] = [];
    for (const step of [...this.steps].reverse()) {
      // The caller owns the input of the segment. A step may read a tensor twice.
      const unread = [...new Set(step.inputs)].filter(
        ({ id }) => !read.has(id) && id !== this.segmentInput.id,
      );
      for (const { id } of step.inputs) read.add(id);
      steps.unshift({ ...step, lastUses: unread });
    }
    const trainable = steps.flatMap(({ layer }) => variablesOf(layer, 'trainable'));
    this.segments.push({ input: this.segmentInput, steps, output, trainable });
    this.segmentInput = output;
    this.steps = [];
    return output;
  }

  /** Returns the network from the images to `output`. */
  build(name: string, output: SymbolicTensor): Network {
    if (this.steps.length > 0) this.endSegment(output);
    const steps = this.segments.flatMap((segment) => segment.steps);
    const layers = steps.map(({ layer }) => layer);
    protectOutputGradient(output.sourceLayer);
    const segments = this.segments.map((segment) => ({ ...segment, trainingSteps: trainingSteps(segment) }));
    return { model: model({ inputs: this.images, outputs: output, name }), segments, layers };
  }
}

/** Keeps the network from freeing the gradient of its output, which belongs to whoever runs the model. */
function protectOutputGradient(layer: Layer): void {
  const { call } = layer;
  layer.call = (inputs, options) => barrier(call.call(layer, inputs, options) as tf.Tensor);
}

/** Runs a segment. Disposes of each intermediate value after the last step that reads it. */
export function runSegment(segment: Segment, x: tf.Tensor, pass: Pass): tf.Tensor {
  return tf.tidy(() => (pass.training ? runTrainingSteps(segment, x, pass) : runLayers(segment, x, pass)));
}

function runLayers({ input, output, steps }: Segment, x: tf.Tensor, pass: Pass): tf.Tensor {
  const values = new Map([[input.id, x]]);
  for (const { layer, inputs, output, lastUses } of steps) {
    const tensors = inputs.map(({ id }) => values.get(id)!);
    values.set(output.id, applyLayer(layer, tensors, pass));
    for (const { id } of lastUses) values.get(id)!.dispose();
  }
  return values.get(output.id)!;
}

function runTrainingSteps({ input, output, trainingSteps }: Segment, x: tf.Tensor, pass: Pass): tf.Tensor {
  const values = new Map([[input.id, x]]);
  for (const { inputs, outputs, run, lastUses } of trainingSteps) {
    const results = run(
      inputs.map(({ id }) => values.get(id)!),
      pass,
    );
    for (const { id } of lastUses) values.get(id)!.dispose();
    outputs.forEach(({ id }, index) => void values.set(id, results[index]!));
  }
  return values.get(output.id)!;
}
