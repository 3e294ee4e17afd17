import { ConfigError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { type BinaryOptions, binaryBankOptions, initialBias } from './binary-criterion.ts';

const options: BinaryOptions = {
  scale: 32,
  margin: 0.4,
  marginType: 'cosine',
  exponent: 3,
  positiveWeight: 0.7,
  lossWeight: 50,
  gradient: 'detached',
};

describe('initialBias', () => {
  const softplus = (z: number) => (z > 30 ? z : Math.log1p(Math.exp(z)));
  const g = (cosine: number) => 2 * ((cosine + 1) / 2) ** 3 - 1;

  it.each([
    ['cosine', 0.4, g(0) - 0.4, g(0) + 0.4],
    ['angular', 0.3, g(Math.cos(Math.PI / 2 + 0.3)), g(0)],
    ['multiplicative', 1.5, g(Math.cos(0.75 * Math.PI)), g(0)],
  ] as const)('is the minimum of the loss of orthogonal embeddings, %s', (marginType, margin, own, other) => {
    for (const [scale, negatives] of [
      [8, 1],
      [16, 6],
      [40, 10_571],
    ] as const) {
      const bias = initialBias({ ...options, scale, marginType, margin }, negatives);
      const loss = (b: number) =>
        0.7 * softplus(-(scale * own + b)) + 0.3 * negatives * softplus(scale * other + b);
      expect(loss(bias)).toBeLessThan(loss(bias - 0.1));
      expect(loss(bias)).toBeLessThan(loss(bias + 0.1));
    }
  });

  it('stays finite for few classes and a large scale', () => {
    // 1 − odds + root is 4e-47 here, which a subtraction of float64 numbers cannot give.
    const odds = 0.7 / 0.3;
    const bias = initialBias({ ...options, scale: 128 }, 1);
    // b = log(odds − 1) − scale · positive, up to terms of that size.
    expect(bias).toBeCloseTo(Math.log(odds - 1) - 128 * (g(0) - 0.4), 6);
    expect(Number.isFinite(initialBias(options, 0))).toBe(true);
  });
});

describe('binaryBankOptions', () => {
  it('weighs both terms by λ, and all by ω / r', () => {
    const { negativeWeight, weight } = binaryBankOptions(options);
    expect(weight).toBeCloseTo((0.7 * 50) / 32, 10);
    expect(weight! * negativeWeight!).toBeCloseTo((0.3 * 50) / 32, 10);
  });

  it('refuses multiplicative margins with exact gradients', () => {
    const make = () => binaryBankOptions({ ...options, marginType: 'multiplicative', gradient: 'exact' });
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(/'cosine' and 'angular'.*'multiplicative'/);
  });
});
