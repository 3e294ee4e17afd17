import { DataError, ShapeError } from '@openset/core';
import { expect, it } from 'vitest';
import { compareEmbeddings } from './compare-embeddings.ts';

const east = Float32Array.of(2, 0);
const northEast = Float32Array.of(3, 3);

it('accepts at the threshold and above', () => {
  const { cosine } = compareEmbeddings(east, northEast, { threshold: 0 });
  expect(cosine).toBeCloseTo(Math.SQRT1_2, 6);
  expect(compareEmbeddings(east, northEast, { threshold: cosine }).same).toBe(true);
  expect(compareEmbeddings(east, northEast, { threshold: cosine + 1e-6 }).same).toBe(false);
});

it('gives the probability of the curve, and none without a curve that rises with the cosine', () => {
  const calibration = { slope: -10, offset: 5 };
  const { probability } = compareEmbeddings(east, east, { threshold: 0.5, calibration });
  expect(probability).toBeCloseTo(1 / (1 + Math.exp(-5)), 12);
  const falling = { slope: 10, offset: -5 };
  expect(compareEmbeddings(east, east, { threshold: 0.5, calibration: falling }).probability).toBeNull();
  expect(compareEmbeddings(east, east, { threshold: 0.5 }).probability).toBeNull();
});

it('refuses embeddings of other lengths and without a direction', () => {
  expect(() => compareEmbeddings(east, Float32Array.of(1), { threshold: 0 })).toThrow(ShapeError);
  expect(() => compareEmbeddings(east, Float32Array.of(0, 0), { threshold: 0 })).toThrow(DataError);
});
