import { UnsupportedLayerError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import type { ConstantTensor } from '../graph/tensor.ts';
import type { Shape, Value } from '../graph/value.ts';

/** The values of one weight of a layer. */
export interface LayerWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** One call of a layer: a layer that is shared is called more than once. */
export interface LayerCall {
  readonly graph: GraphBuilder;
  /** The layer's name, which is unique in its model; those of models inside models with `/`. */
  readonly name: string;
  readonly className: string;
  /** What the layer's `getConfig()` gives. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Value[];
  /** The shape of the result in tfjs. */
  readonly outputShape: Shape;
  /** By the names that tfjs-layers gives them: `kernel`, `bias`, `gamma`, … */
  readonly weights: Readonly<Record<string, LayerWeight>>;
}

/** Adds the nodes for a call of a layer and gives the result. */
export type LayerConverter = (call: LayerCall) => Value;

/** The input of a layer that takes one. */
export function onlyInput(call: LayerCall): Value {
  const [input, ...others] = call.inputs;
  if (input === undefined || others.length > 0) {
    throw new UnsupportedLayerError(call, `it has ${call.inputs.length} inputs, not one.`);
  }
  return input;
}

/** A weight that the layer must have. */
export function weightOf(call: LayerCall, name: string): LayerWeight {
  const weight = call.weights[name];
  if (weight !== undefined) return weight;
  const found = Object.keys(call.weights).join(', ') || 'none';
  throw new UnsupportedLayerError(call, `it has no weight '${name}' (found: ${found}).`);
}

/** The name of a constant of this layer, made at the first call. */
export function constantOf(call: LayerCall, part: string, make: () => ConstantTensor): string {
  return call.graph.constant(`${call.name}/${part}`, make);
}

/** Feature maps must have their channels last; tfjs transposes the others in every layer, and hardly anybody has them. */
export function checkChannelsLast(call: LayerCall): void {
  if (call.config.dataFormat === 'channelsFirst') {
    throw new UnsupportedLayerError(
      call,
      "its dataFormat is 'channelsFirst'; only 'channelsLast' is converted.",
    );
  }
}

/** The two numbers, for height and width, of an option. */
export function pair(call: LayerCall, option: string): readonly [number, number] {
  const value = call.config[option];
  if (typeof value === 'number') return [value, value];
  if (Array.isArray(value) && value.length === 2) return value as [number, number];
  throw new UnsupportedLayerError(call, `its ${option} is ${JSON.stringify(value)}, not two numbers.`);
}
