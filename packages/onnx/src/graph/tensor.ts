import type { TensorProto } from '../format/schema.ts';

/** A constant of the graph: float32 weights, or int64 shapes and axes. */
export interface ConstantTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** Element types of `onnx.proto`. */
export const elementTypes = { float32: 1, uint8: 2, int64: 7 } as const;

/** Returns a float32 scalar, which broadcasts to any shape. */
export function scalar(value: number): ConstantTensor {
  return { shape: [], data: Float32Array.of(value) };
}

/** Returns a list of int64 numbers, for shapes and axes. */
export function wholeNumbers(values: readonly (number | bigint)[]): ConstantTensor {
  return { shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

/**
 * Returns a tensor with its axes permuted.
 * @param order for each axis of the result, the axis of the argument
 */
export function transposeConstant(
  { shape, data }: { readonly shape: readonly number[]; readonly data: Float32Array },
  order: readonly number[],
): { shape: number[]; data: Float32Array } {
  const strides = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((product, length) => product * length, 1),
  );
  const newShape = order.map((axis) => shape[axis]!);
  const newStrides = order.map((axis) => strides[axis]!);
  const result = new Float32Array(data.length);
  // Counts through the new indices like an odometer and keeps the offset in the old data.
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

/** Returns a tensor as a message. */
export function toTensorProto(name: string, { shape, data }: ConstantTensor): TensorProto {
  return {
    name,
    dims: shape,
    dataType: data instanceof Float32Array ? elementTypes.float32 : elementTypes.int64,
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}
