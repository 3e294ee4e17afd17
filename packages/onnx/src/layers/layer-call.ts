import { UnsupportedLayerError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import type { ConstantTensor } from '../graph/tensor.ts';
import type { Shape, Value } from '../graph/value.ts';

/** Values of a weight. */
export interface LayerWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** One call of a layer. A shared layer has several calls. */
export interface LayerCall {
  readonly graph: GraphBuilder;
  /** Name of the layer, unique in its model. For a layer of a nested model, the names are joined with `/`. */
  readonly name: string;
  readonly className: string;
  /** Result of the layer's `getConfig()`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Value[];
  /** Shape of the result in tfjs. */
  readonly outputShape: Shape;
  /** Weights by their names in tfjs-layers: `kernel`, `bias`, `gamma`, … */
  readonly weights: Readonly<Record<string, LayerWeight>>;
}

/** Adds the nodes of a layer call and returns the result. */
export type LayerConverter = (call: LayerCall) => Value;

/** Returns the input of a layer that must have one. */
export function requireSingleInput(call: LayerCall): Value {
  const [input, ...others] = call.inputs;
  if (input === undefined || others.length > 0) {
    throw new UnsupportedLayerError(call, `it has ${call.inputs.length} inputs, but must have one.`);
  }
  return input;
}

/** Returns a weight that the layer must have. */
export function requireWeight(call: LayerCall, name: string): LayerWeight {
  const weight = call.weights[name];
  if (weight !== undefined) return weight;
  const found = Object.keys(call.weights).join(', ') || 'none';
  throw new UnsupportedLayerError(call, `it has no weight '${name}' (found: ${found}).`);
}

/** Adds a constant of this layer and returns its name. Calls of a shared layer share it. */
export function addLayerConstant(call: LayerCall, part: string, make: () => ConstantTensor): string {
  return call.graph.addConstant(`${call.name}/${part}`, make);
}

/** Rejects `channelsFirst`, which is rare and which tfjs transposes in every layer. */
export function checkChannelsLast(call: LayerCall): void {
  if (call.config.dataFormat === 'channelsFirst') {
    throw new UnsupportedLayerError(call, "its dataFormat is 'channelsFirst', but must be 'channelsLast'.");
  }
}

/** Returns an option as two numbers, for height and width. */
export function readPair(call: LayerCall, option: string): readonly [number, number] {
  const value = call.config[option];
  if (typeof value === 'number') return [value, value];
  if (Array.isArray(value) && value.length === 2) return value as [number, number];
  throw new UnsupportedLayerError(
    call,
    `its ${option} is ${JSON.stringify(value)}, but must be two numbers.`,
  );
}
