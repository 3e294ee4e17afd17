import { ConfigError, DataError, randomNumbers, ShapeError } from '@openset/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixBatch, softTargets } from './mix.ts';

const shape = [6, 3, 4, 2] as const;
const rowLength = 3 * 4 * 2;
const sample = () => Float32Array.from({ length: 6 * rowLength }, (_, index) => Math.sin(index) * 100);

describe('mixBatch', () => {
  it('mixup: every row is λ · own + (1 − λ) · partner, of the original values', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const [before, images] = [sample(), sample()];
        const { partners, share } = mixBatch(images, shape, randomNumbers(seed), {
          kind: 'mixup',
          alpha: 0.4,
        });
        expect([...partners].sort()).toEqual([0, 1, 2, 3, 4, 5]);
        images.forEach((value, index) => {
          const row = Math.floor(index / rowLength);
          const other = before[partners[row]! * rowLength + (index % rowLength)]!;
          expect(value).toBeCloseTo(share * before[index]! + (1 - share) * other, 3);
        });
      }),
    );
  });

  it("cutmix: every value is the row's own or its partner's, in one rectangle whose area matches the share", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const [before, images] = [sample(), sample()];
        const { partners, share } = mixBatch(images, shape, randomNumbers(seed), { kind: 'cutmix' });
        const pasted = new Set<number>();
        images.forEach((value, index) => {
          const row = Math.floor(index / rowLength);
          if (value === before[index]) return;
          expect(value).toBe(before[partners[row]! * rowLength + (index % rowLength)]);
          pasted.add(Math.floor((index % rowLength) / 2));
        });
        // The sample has no equal values, so each value shows its origin, unless every row is its own partner.
        if (partners.some((partner, row) => partner !== row))
          expect(1 - pasted.size / 12).toBeCloseTo(share, 6);
      }),
    );
  });

  it('leaves a batch unchanged with probability 0', () => {
    const images = sample();
    const mixed = mixBatch(images, shape, randomNumbers(1), { kind: 'mixup', probability: 0 });
    expect(mixed).toEqual({ partners: Int32Array.of(0, 1, 2, 3, 4, 5), share: 1 });
    expect(images).toEqual(sample());
  });

  it('accepts a batch of one image', () => {
    const images = Float32Array.of(5);
    mixBatch(images, [1, 1, 1, 1], randomNumbers(1), { kind: 'mixup' });
    expect(images[0]).toBeCloseTo(5, 6);
  });

  it('checks the shape and the options', () => {
    const random = randomNumbers(1);
    expect(() => mixBatch(sample(), [5, 3, 4, 2], random, { kind: 'mixup' })).toThrow(ShapeError);
    expect(() => mixBatch(sample(), shape, random, { kind: 'mixup', alpha: 0 })).toThrow(ConfigError);
    expect(() => mixBatch(sample(), shape, random, { kind: 'blend' as 'mixup' })).toThrow(ConfigError);
  });
});

describe('softTargets', () => {
  it("gives the share to the row's own class and the rest to its partner's", () => {
    const mixed = { partners: Int32Array.of(1, 0, 2), share: 0.75 };
    const targets = softTargets(Int32Array.of(0, 2, 1), mixed, 3);
    expect([...targets]).toEqual([0.75, 0, 0.25, 0.25, 0, 0.75, 0, 1, 0]);
  });

  it('rejects labels that are not classes', () => {
    const mixed = { partners: Int32Array.of(0), share: 1 };
    expect(() => softTargets(Int32Array.of(-1), mixed, 3)).toThrow(DataError);
    expect(() => softTargets(Int32Array.of(3), mixed, 3)).toThrow(/label 3 is not a class in \[0, 3\)/);
  });
});
