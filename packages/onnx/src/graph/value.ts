import { ints } from './attributes.ts';
import type { GraphBuilder } from './graph-builder.ts';
import { wholeNumbers } from './tensor.ts';

/** A shape as tfjs-layers has it: batch first, `null` where any length is taken. */
export type Shape = readonly (number | null)[];

/**
 * A tensor of the graph. Feature maps, the tensors with four axes, are `[batch, channels, height, width]` throughout,
 * where tfjs has `[batch, height, width, channels]`; all others have the axes of tfjs.
 */
export interface Value {
  readonly name: string;
  /** The shape that the tensor has in tfjs, channels last. */
  readonly shape: Shape;
  /**
   * Set on features that come from a flattened map and lie channel by channel, where tfjs has them pixel by pixel.
   * Whoever has weights for them sorts the weights instead, so that no transpose is needed.
   */
  readonly flattenedFrom?: MapSize;
}

/** The sizes of a feature map. */
export interface MapSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** The axis in the graph for an axis (which may be negative) in tfjs. */
export function graphAxis({ shape }: Value, axis: number): number {
  const positive = axis < 0 ? axis + shape.length : axis;
  return shape.length === 4 ? [0, 2, 3, 1][positive]! : positive;
}

/**
 * For each feature of a flattened map in the order of the graph, channel by channel, its place in the order of tfjs,
 * pixel by pixel.
 */
export function featureOrder({ height, width, channels }: MapSize): number[] {
  const pixels = height * width;
  return Array.from(
    { length: pixels * channels },
    (_, index) => (index % pixels) * channels + Math.floor(index / pixels),
  );
}

/** Tells orders of features apart; a shared layer may be called on features in more than one. */
export function orderName({ flattenedFrom }: Value): string {
  if (flattenedFrom === undefined) return '';
  const { height, width, channels } = flattenedFrom;
  return ` by ${channels} channels of ${height}x${width}`;
}

/** Parameters, one for each feature, in the order in which `value` has the features. */
export function inOrderOf(value: Value, parameters: Float32Array): Float32Array {
  if (value.flattenedFrom === undefined) return parameters;
  return Float32Array.from(featureOrder(value.flattenedFrom), (place) => parameters[place]!);
}

/** Whether channels first and channels last are the same order of numbers. */
export function isOrderFree(shape: Shape): boolean {
  const [, height, width, channels] = shape;
  return channels === 1 || (height === 1 && width === 1);
}

/** The value with its numbers in the order of tfjs; feature maps come as `[batch, height, width, channels]`. */
export function inLayersOrder(graph: GraphBuilder, value: Value, name: string): Value {
  const { shape, flattenedFrom } = value;
  if (flattenedFrom !== undefined) {
    const { height, width, channels } = flattenedFrom;
    const map = reshape(graph, value.name, [channels, height, width], name);
    const channelsLast = transpose(graph, map, [0, 2, 3, 1], name);
    return { name: reshape(graph, channelsLast, shape.slice(1), name), shape };
  }
  if (shape.length !== 4 || isOrderFree(shape)) return value;
  return { name: transpose(graph, value.name, [0, 2, 3, 1], name), shape };
}

/** Adds a `Reshape` that keeps the batch; one length may be `null`, and follows from the others. */
export function reshape(graph: GraphBuilder, input: string, lengths: Shape, name: string): string {
  // 0 stands for the length that the input has there.
  const target = [0, ...lengths.map((length) => length ?? -1)];
  const shape = graph.constant(`shape ${target.join('x')}`, () => wholeNumbers(target));
  return graph.add('Reshape', [input, shape], { name });
}

/** Adds a `Transpose`. */
export function transpose(
  graph: GraphBuilder,
  input: string,
  order: readonly number[],
  name: string,
): string {
  return graph.add('Transpose', [input], { name, attributes: { perm: ints(order) } });
}
