import type { WeightLayout } from './weights.ts';

/** Layout of one weight in PyTorch: its shape, and the axes of the tfjs shape in PyTorch's order. */
export interface TorchLayout {
  /** Shape that `toPyTorchState` writes. */
  readonly shape: readonly number[];
  /** Shape in tfjs, with the map of a dense layer as separate axes. */
  readonly ownShape: readonly number[];
  /** `shape[axis] = ownShape[order[axis]]`. */
  readonly order: readonly number[];
  /** Other shapes in which files store the same values in the same order. */
  readonly alternatives: readonly (readonly number[])[];
}

/** Returns the layout of a weight in PyTorch. */
export function toTorchLayout(layout: WeightLayout, shape: readonly number[]): TorchLayout {
  const of = (ownShape: readonly number[], order: readonly number[], alternatives: number[][] = []) => {
    return { shape: order.map((axis) => ownShape[axis]!), ownShape, order, alternatives };
  };
  switch (layout.kind) {
    case 'convolution':
      return of(shape, [3, 2, 0, 1]);
    case 'depthwise':
      return of(shape, [2, 3, 0, 1]);
    case 'dense':
      return of(shape, [1, 0], [[shape[1]!, shape[0]!, 1, 1]]);
    case 'map': {
      const { height, width } = layout;
      const [inputs, outputs] = shape as [number, number];
      // Other code writes the same map as flattening and a linear layer.
      return of([height, width, inputs / (height * width), outputs], [3, 2, 0, 1], [[outputs, inputs]]);
    }
    default:
      return of([shape.reduce((size, length) => size * length, 1)], [0]);
  }
}

/** Returns a row-major array with its axes in another order: `result.shape[axis] = shape[order[axis]]`. */
export function permuteAxes(
  data: ArrayLike<number>,
  shape: readonly number[],
  order: readonly number[],
): Float32Array {
  const result = new Float32Array(data.length);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((size, length) => size * length, 1));
  const steps = order.map((axis) => strides[axis]!);
  const lengths = order.map((axis) => shape[axis]!);
  let place = 0;
  const visit = (axis: number, offset: number) => {
    const [step, length] = [steps[axis]!, lengths[axis]!];
    if (axis === lengths.length - 1) {
      for (let index = 0; index < length; index++) result[place++] = data[offset + index * step]!;
    } else {
      for (let index = 0; index < length; index++) visit(axis + 1, offset + index * step);
    }
  };
  visit(0, 0);
  return result;
}

/** Returns the order that undoes another. */
export function invertOrder(order: readonly number[]): number[] {
  return order.map((_, axis) => order.indexOf(axis));
}
