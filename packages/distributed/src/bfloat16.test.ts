import { randomNumbers } from '@openset/core';
import { expect, it } from 'vitest';
import { addWords, packWords, roundWithErrors, unpackWords } from './bfloat16.ts';

const rounded = (...numbers: number[]) => {
  const values = Float32Array.from(numbers);
  roundWithErrors(values, new Float32Array(values.length));
  return [...values];
};

it('rounds to 8 significant bits, halves to even', () => {
  expect(rounded(1, -2.5, 0, 1 + 2 ** -7, 2 ** -133)).toEqual([1, -2.5, 0, 1 + 2 ** -7, 2 ** -133]);
  const half = 2 ** -8;
  expect(rounded(1 + half, 1 + 3 * half, -1 - half)).toEqual([1, 1 + 4 * half, -1]);
  expect(rounded(1 + 1.01 * half, 1 + 0.99 * half)).toEqual([1 + 2 * half, 1]);
  // Up to the next power of two.
  expect(rounded(1.999)).toEqual([2]);
});

it('keeps finite values finite, and others as they are', () => {
  const largest = (2 - 2 ** -7) * 2 ** 127;
  expect(rounded(3.4028234e38, -3.4028234e38, largest)).toEqual([largest, -largest, largest]);
  expect(rounded(Infinity, -Infinity)).toEqual([Infinity, -Infinity]);
  const bits = Uint32Array.of(0x7f800001, 0xffffffff);
  expect(rounded(...new Float32Array(bits.buffer), Number.NaN)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  const errors = Float32Array.of(0, 0, 0, 3e38);
  const values = Float32Array.of(Infinity, Number.NaN, 3.4028234e38, 3.4028234e38);
  let areFinite = true;
  for (let step = 0; step < 2000; step++) {
    roundWithErrors(values, errors);
    values.set([Infinity, Number.NaN, 3.4028234e38, 3.4028234e38]);
    areFinite &&= errors.every(Number.isFinite);
  }
  expect(areFinite).toBe(true);
});

it('adds up over steps to the exact sums: errors stay below half a unit of the last place', () => {
  const random = randomNumbers(3);
  const errors = new Float32Array(200);
  const [exact, sent] = [new Float64Array(200), new Float64Array(200)];
  const scales = errors.map((_, index) => 10 ** ((index % 20) - 10));
  let [largestError, largestLoss] = [0, 0];
  for (let step = 0; step < 300; step++) {
    const values = scales.map((scale) => scale * (random() - 0.3));
    for (const [index, value] of values.entries()) exact[index]! += value;
    roundWithErrors(values, errors);
    for (const [index, value] of values.entries()) {
      sent[index]! += value;
      const scale = scales[index]!;
      largestError = Math.max(largestError, Math.abs(errors[index]!) / scale);
      // What is missing of the sum is the last error alone.
      const loss = Math.abs(exact[index]! - sent[index]! - errors[index]!) / scale;
      largestLoss = Math.max(largestLoss, loss);
    }
  }
  expect(largestError).toBeLessThanOrEqual(2 ** -8);
  expect(largestError).toBeGreaterThan(2 ** -10);
  expect(largestLoss).toBeLessThan(1e-5);
});

it('packs values into 16 bits and back', () => {
  const values = Float32Array.of(0, 1, -2.5, 2 ** -130, Infinity);
  const words = new Uint16Array(values.length);
  packWords(values, words);
  const back = new Float32Array(values.length);
  unpackWords(words, back);
  expect(back).toEqual(values);
  const sums = Float32Array.of(1, 1, 1, 1, 1);
  addWords(words, sums);
  expect([...sums]).toEqual([1, 2, -1.5, 1, Infinity]);
});
