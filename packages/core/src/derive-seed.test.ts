import { describe, expect, it } from 'vitest';
import { deriveLayerSeed, deriveSeed, deriveStepSeed } from './derive-seed.ts';

const grid = (derive: (seed: number, index: number) => number) =>
  Array.from({ length: 400 }, (_, place) => derive(place % 20, Math.floor(place / 20)));

// Runs that began with an earlier version resume with these numbers.
describe('literal values stay', () => {
  it.each([
    [[0], -5221857],
    [[-1], 1808025793],
    [[1, 2, 3], 1925460030],
    [[2 ** 32 + 1, 2, 3], 586155046],
  ])('of deriveSeed: %o', ([seed, ...parts], expected) => {
    expect(deriveSeed(seed!, ...parts)).toBe(expected);
  });

  it('of deriveStepSeed', () => {
    // 0x9e3779b1 as an int32
    expect(deriveStepSeed(5, 0)).toBe(5 - 1640531535);
    expect(deriveStepSeed(7, 41)).toBe(7 + Math.imul(42, -1640531535));
  });

  it('of deriveLayerSeed', () => {
    expect(deriveLayerSeed(0, 0)).toBe(-1832243442);
    expect(deriveLayerSeed(7, 41)).toBe(1391838182);
  });
});

describe('neighbouring seeds and parts share nothing', () => {
  it.each([
    ['deriveSeed', deriveSeed],
    ['deriveStepSeed', deriveStepSeed],
    ['deriveLayerSeed', deriveLayerSeed],
  ])('%s', (_, derive) => {
    expect(new Set(grid(derive)).size).toBe(400);
  });
});

it('deriveSeed depends on the order of the parts and on seeds beyond 32 bits', () => {
  expect(deriveSeed(0, 1, 2)).not.toBe(deriveSeed(0, 2, 1));
  expect(deriveSeed(2 ** 32, 1)).not.toBe(deriveSeed(0, 1));
});
