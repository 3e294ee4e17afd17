import { ints } from './attributes.ts';
import type { GraphBuilder } from './graph-builder.ts';
import { wholeNumbers } from './tensor.ts';

/** A shape of tfjs-layers: batch first, `null` for any length. */
export type Shape = readonly (number | null)[];

/**
 * A tensor of the graph. Feature maps are the tensors with four axes: `[batch, channels, height, width]` in the graph,
 * `[batch, height, width, channels]` in tfjs. All other tensors have the axes of tfjs.
 */
export interface Value {
  readonly name: string;
  /** Shape in tfjs, channels last. */
  readonly shape: Shape;
  /**
   * Set on features of a flattened map. The graph orders them channel by channel, tfjs pixel by pixel. Layers with weights
   * permute the weights instead, so that no transpose is needed.
   */
  readonly flattenedFrom?: MapSize;
}

/** Size of a feature map. */
export interface MapSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Returns the axis in the graph of an axis in tfjs, which may be negative. */
export function graphAxis({ shape }: Value, axis: number): number {
  const positive = axis < 0 ? axis + shape.length : axis;
  return shape.length === 4 ? [0, 2, 3, 1][positive]! : positive;
}

/**
 * Returns, for each feature of a flattened map in the order of the graph (channel by channel), its index in the order of
 * tfjs (pixel by pixel).
 */
export function featureOrder({ height, width, channels }: MapSize): number[] {
  const pixels = height * width;
  return Array.from(
    { length: pixels * channels },
    (_, index) => (index % pixels) * channels + Math.floor(index / pixels),
  );
}

/** Returns a name for the layout of features. Calls of a shared layer may have features in different layouts. */
export function layoutName({ flattenedFrom }: Value): string {
  if (flattenedFrom === undefined) return '';
  const { height, width, channels } = flattenedFrom;
  return ` by ${channels} channels of ${height}x${width}`;
}

/** Returns parameters, one for each feature, in the layout of `value`. */
export function permuteToLayout(value: Value, parameters: Float32Array): Float32Array {
  if (value.flattenedFrom === undefined) return parameters;
  return Float32Array.from(featureOrder(value.flattenedFrom), (index) => parameters[index]!);
}

/** Returns whether channels first and channels last are the same order of numbers. */
export function isLayoutInvariant(shape: Shape): boolean {
  const [, height, width, channels] = shape;
  return channels === 1 || (height === 1 && width === 1);
}

/** Returns a value in the layout of tfjs; a feature map becomes `[batch, height, width, channels]`. */
export function toTfjsLayout(graph: GraphBuilder, value: Value, name: string): Value {
  const { shape, flattenedFrom } = value;
  if (flattenedFrom !== undefined) {
    const { height, width, channels } = flattenedFrom;
    const map = addReshape(graph, value.name, [channels, height, width], name);
    const channelsLast = addTranspose(graph, map, [0, 2, 3, 1], name);
    return { name: addReshape(graph, channelsLast, shape.slice(1), name), shape };
  }
  if (shape.length !== 4 || isLayoutInvariant(shape)) return value;
  return { name: addTranspose(graph, value.name, [0, 2, 3, 1], name), shape };
}

/** Adds a `Reshape` that keeps the batch. One length may be `null`: it follows from the others. */
export function addReshape(graph: GraphBuilder, input: string, lengths: Shape, name: string): string {
  // 0 means the length of the input's axis.
  const target = [0, ...lengths.map((length) => length ?? -1)];
  const shape = graph.addConstant(`shape ${target.join('x')}`, () => wholeNumbers(target));
  return graph.add('Reshape', [input, shape], { name });
}

/** Adds a `Transpose`. */
export function addTranspose(
  graph: GraphBuilder,
  input: string,
  order: readonly number[],
  name: string,
): string {
  return graph.add('Transpose', [input], { name, attributes: { perm: ints(order) } });
}
