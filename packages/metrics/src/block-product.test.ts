import { expect, it } from 'vitest';
import { plainBlockProduct } from './index.ts';

it('agrees with a hand-worked example', () => {
  const product = plainBlockProduct(
    new Float32Array([1, 2, 3, 4]),
    new Float32Array([5, 6, 7, 8, 1, 0]),
    2,
    3,
    2,
  );
  expect([...product]).toEqual([17, 23, 1, 39, 53, 3]);
});

it('equals plain loops for every shape, including edges and strips', () => {
  const whole = (length: number, factor: number) =>
    Float32Array.from({ length }, (_, index) => ((index * factor) % 11) - 5);
  for (const [rowsA, rowsB, size] of [
    [1, 1, 1],
    [2, 4, 3],
    [3, 5, 7],
    [5, 3, 2],
    [7, 67, 4],
    [2, 131, 5],
  ] as const) {
    const [a, b] = [whole(rowsA * size, 7), whole(rowsB * size, 5)];
    const expected = Array.from({ length: rowsA * rowsB }, (_, index) => {
      const [i, j] = [Math.floor(index / rowsB), index % rowsB];
      return Array.from({ length: size }, (_, k) => a[i * size + k]! * b[j * size + k]!).reduce(
        (x, y) => x + y,
      );
    });
    expect([...plainBlockProduct(a, b, rowsA, rowsB, size)]).toEqual(expected);
  }
});
