import type { TensorProto } from '../format/schema.ts';

/** A constant of the graph: float32 weights, or int64 shapes and axes. */
export interface ConstantTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** Numbers of the element types in `onnx.proto`. */
export const elementTypes = { float32: 1, uint8: 2, int64: 7 } as const;

/** One float32 number; without axes, so that it goes with any shape. */
export function scalar(value: number): ConstantTensor {
  return { shape: [], data: Float32Array.of(value) };
}

/** A list of whole numbers, as shapes and axes are given. */
export function wholeNumbers(values: readonly (number | bigint)[]): ConstantTensor {
  return { shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

/**
 * The tensor with its axes in another order.
 * @param order the axis of `tensor` that comes at each place
 */
export function transposed(
  { shape, data }: { readonly shape: readonly number[]; readonly data: Float32Array },
  order: readonly number[],
): { shape: number[]; data: Float32Array } {
  const strides = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((product, length) => product * length, 1),
  );
  const newShape = order.map((axis) => shape[axis]!);
  const newStrides = order.map((axis) => strides[axis]!);
  const result = new Float32Array(data.length);
  // Counts through the new indices like an odometer, and moves the place in the old data along.
  const index = new Array<number>(order.length).fill(0);
  for (let target = 0, source = 0; target < result.length; target++) {
    result[target] = data[source]!;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      source += newStrides[axis]!;
      if (++index[axis]! < newShape[axis]!) break;
      source -= newStrides[axis]! * newShape[axis]!;
      index[axis] = 0;
    }
  }
  return { shape: newShape, data: result };
}

/** The tensor as the file holds it. */
export function tensorProto(name: string, { shape, data }: ConstantTensor): TensorProto {
  return {
    name,
    dims: shape,
    dataType: data instanceof Float32Array ? elementTypes.float32 : elementTypes.int64,
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}
