import { DataError } from '@openset/core';
import { expect, it } from 'vitest';
import { meanTemplate } from './mean-template.ts';

it('is the mean at unit length', () => {
  expect([...meanTemplate('Ada', [Float32Array.of(1, 0), Float32Array.of(0, 1)])]).toEqual([
    Math.fround(Math.SQRT1_2),
    Math.fround(Math.SQRT1_2),
  ]);
});

it('of one embedding is a copy of it, bit for bit', () => {
  const one = Float32Array.of(0.6, 0.8, -1e-40);
  const template = meanTemplate('Ada', [one]);
  expect([...template]).toEqual([...one]);
  expect(template).not.toBe(one);
});

it('adds in float64', () => {
  // In float32, the small values would vanish beside 1.
  const small = 2 ** -26;
  const rows = [Float32Array.of(1, 0), ...Array.from({ length: 64 }, () => Float32Array.of(small, 1))];
  expect(meanTemplate('Ada', rows)[0]).toBe(Math.fround((1 + 64 * small) / Math.hypot(1 + 64 * small, 64)));
});

it('does not exist if the embeddings cancel each other out', () => {
  const cancelling = [Float32Array.of(1, 0), Float32Array.of(-1, 0)];
  expect(() => meanTemplate('Ada', cancelling)).toThrow(DataError);
  expect(() => meanTemplate('Ada', cancelling)).toThrow("The mean embedding of 'Ada' is all zeros");
});
