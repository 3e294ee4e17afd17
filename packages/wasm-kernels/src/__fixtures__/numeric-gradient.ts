import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import { relativeError, values } from './run-kernel.ts';

/** An operation and its definition in float64, both on the same operands. */
export interface DefinedOperation {
  shapes: readonly number[][];
  operation: (...operands: tf.Tensor[]) => tf.Tensor;
  definition: (...operands: Float64Array[]) => ArrayLike<number>;
  /** Applied to the random operands, which are in (-1, 1). */
  change?: (value: number) => number;
}

/**
 * Asserts that, on the current backend, the operation's values are those of its definition, and that the gradients of a
 * weighted sum of them are the definition's central differences.
 */
export function expectGradients(
  { shapes, operation, definition, change = (value) => value }: DefinedOperation,
  message?: string,
): void {
  const content = shapes.map((shape, index) => values(tf.util.sizeFromShape(shape), index + 1).map(change));
  const operands = content.map((list) => Float64Array.from(list));
  const expected = definition(...operands);
  const weights = values(expected.length, 99);
  const { result, gradients } = tf.tidy(() => {
    const tensors = content.map((list, index) => tf.tensor(list, shapes[index]!));
    const output = operation(...tensors);
    const weighted = (...inputs: tf.Tensor[]) =>
      tf.sum(tf.mul(operation(...inputs), tf.tensor(weights, output.shape)));
    return {
      result: output.dataSync(),
      gradients: tf
        .grads(weighted)(tensors)
        .map((gradient) => gradient.dataSync()),
    };
  });
  expect(result.length, message).toBe(expected.length);
  expect(relativeError(result, expected), message).toBeLessThan(1e-5);
  gradients.forEach((gradient, index) => {
    const numeric = differences(
      (operand) => definition(...operands.map((other, place) => (place === index ? operand : other))),
      operands[index]!,
      weights,
    );
    expect(relativeError(gradient, numeric), `${message ?? ''} operand ${index}`).toBeLessThan(1e-5);
  });
}

/** Returns the central differences of the weighted sum of the results. */
export function differences(
  compute: (operand: Float64Array) => ArrayLike<number>,
  operand: Float64Array,
  weights: ArrayLike<number>,
): Float64Array {
  const step = 1e-5;
  const moved = operand.slice();
  const weighted = (index: number, value: number) => {
    moved[index] = value;
    const results = compute(moved);
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += results[i]! * weights[i]!;
    return sum;
  };
  return operand.map((value, index) => {
    const difference = weighted(index, value + step) - weighted(index, value - step);
    moved[index] = value;
    return difference / (2 * step);
  });
}
