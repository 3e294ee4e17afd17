import * as tf from '@tensorflow/tfjs-core';
import { input, type LayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type Layer, type Pass, variablesOf } from './layers/stock-layer.ts';
import { barrier } from './ops/network-operation.ts';

/** One layer, where it takes its inputs from, and where its output goes. */
interface Step {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
  readonly output: SymbolicTensor;
  /** Values that no later step reads. */
  readonly lastUses: readonly SymbolicTensor[];
}

/** A part of a network between two places where one tensor is all that goes on. */
export interface Segment {
  readonly input: SymbolicTensor;
  readonly steps: readonly Step[];
  readonly output: SymbolicTensor;
  readonly trainable: readonly tf.Variable[];
}

/** A network as tfjs-layers knows it, and as a list of segments to be run one after another. */
export interface Network {
  readonly model: LayersModel;
  readonly segments: readonly Segment[];
  /** In the order in which they were added. */
  readonly layers: readonly Layer[];
}

/** Puts layers together to a network, and notes where it can be cut. */
export class NetworkBuilder {
  /** Where the images come in. */
  readonly images: SymbolicTensor;
  private readonly segments: Segment[] = [];
  private steps: Omit<Step, 'lastUses'>[] = [];
  private segmentInput: SymbolicTensor;

  /** @param inputShape height, width and channels of the images */
  constructor(inputShape: readonly number[]) {
    this.images = input({ shape: [...inputShape], name: 'images' });
    this.segmentInput = this.images;
  }

  /** Lets values go through a layer. */
  add(layer: Layer, ...inputs: readonly SymbolicTensor[]): SymbolicTensor {
    const output = layer.apply(inputs.length === 1 ? inputs[0]! : [...inputs]) as SymbolicTensor;
    this.steps.push({ layer, inputs, output });
    return output;
  }

  /** Ends a segment: of all values so far, the later layers may take `output` alone. */
  cut(output: SymbolicTensor): SymbolicTensor {
    const read = new Set<number>();
    const steps: Step[] = [];
    for (const step of [...this.steps].reverse()) {
      // What comes in lives on outside, and may be read twice by one step.
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

  /** The network from the images to `output`. */
  build(name: string, output: SymbolicTensor): Network {
    if (this.steps.length > 0) this.cut(output);
    const steps = this.segments.flatMap((segment) => segment.steps);
    const layers = steps.map(({ layer }) => layer);
    keepGradientOf(output.sourceLayer);
    return { model: model({ inputs: this.images, outputs: output, name }), segments: this.segments, layers };
  }
}

/** For those who run the model themselves: its output's gradient is theirs, and stays. */
function keepGradientOf(layer: Layer): void {
  const { call } = layer;
  layer.call = (inputs, options) => barrier(call.call(layer, inputs, options) as tf.Tensor);
}

/** Runs a segment. Of the values in between, each goes when the last step that reads it is done. */
export function runSegment({ input, output, steps }: Segment, x: tf.Tensor, pass: Pass): tf.Tensor {
  return tf.tidy(() => {
    const values = new Map([[input.id, x]]);
    for (const { layer, inputs, output, lastUses } of steps) {
      const taken = inputs.map(({ id }) => values.get(id)!);
      const value = layer.apply(taken.length === 1 ? taken[0]! : taken, { ...pass }) as tf.Tensor;
      values.set(output.id, value);
      for (const { id } of lastUses) values.get(id)!.dispose();
    }
    return values.get(output.id)!;
  });
}
