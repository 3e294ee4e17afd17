import { ConfigError, DataError } from '@openset/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cappedSampler } from './capped-sampler.ts';
import { classBalancedSampler } from './class-balanced-sampler.ts';
import { identitySampler } from './identity-sampler.ts';
import { sequentialSampler, shuffledSampler } from './sampler.ts';

const sorted = (values: Int32Array) => [...values].sort((a, b) => a - b);
const labelLists = fc.array(fc.integer({ min: -1, max: 6 }), { minLength: 1, maxLength: 60 });

const counts = (values: Iterable<number>) => {
  const result = new Map<number, number>();
  for (const value of values) result.set(value, (result.get(value) ?? 0) + 1);
  return result;
};

describe('shuffledSampler', () => {
  it('returns every record once, in a new order for each epoch and seed', () => {
    const sampler = shuffledSampler(50, { seed: 3 });
    expect(sampler.length).toBe(50);
    const orders = [sampler.order(0), sampler.order(1), shuffledSampler(50, { seed: 4 }).order(0)];
    for (const order of orders) expect(sorted(order)).toEqual([...sequentialSampler(50).order(0)]);
    expect(new Set(orders.map(String)).size).toBe(3);
  });

  it('depends only on seed and epoch, not on earlier calls', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.maxSafeInteger(), fc.nat(1000), (size, seed, epoch) => {
        const sampler = shuffledSampler(size, { seed });
        sampler.order(epoch + 1);
        expect(sampler.order(epoch)).toEqual(shuffledSampler(size, { seed }).order(epoch));
      }),
    );
  });

  it('puts every record at every position equally often', () => {
    const hits = new Float64Array(25);
    for (let epoch = 0; epoch < 5000; epoch++) {
      for (const [position, record] of shuffledSampler(5).order(epoch).entries())
        hits[position * 5 + record]!++;
    }
    // 1000 expected, standard deviation 28.
    for (const count of hits) expect(Math.abs(count - 1000)).toBeLessThan(140);
  });

  it('rejects sizes and seeds that are not integers', () => {
    expect(() => shuffledSampler(1.5)).toThrow(ConfigError);
    expect(() => shuffledSampler(5, { seed: 0.5 })).toThrow(ConfigError);
    expect(() => sequentialSampler(-1)).toThrow(ConfigError);
  });
});

describe('identitySampler', () => {
  it('returns batches of P classes with K different records each', () => {
    fc.assert(
      fc.property(
        labelLists,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(),
        (list, p, k, seed) => {
          const labels = Int32Array.from(list);
          const large = [...counts(list)].filter(([label, count]) => label >= 0 && count >= k);
          const make = () => identitySampler(labels, { identities: p, images: k, seed });
          if (large.length < p) {
            expect(make).toThrow(DataError);
            return;
          }
          const sampler = make();
          const order = sampler.order(2);
          expect(order.length).toBe(sampler.length);
          expect(sampler.length % (p * k)).toBe(0);
          expect(make().order(2)).toEqual(order);
          for (let start = 0; start < order.length; start += p * k) {
            const batch = order.subarray(start, start + p * k);
            const classes = counts(Array.from(batch, (record) => labels[record]!));
            expect([...classes.values()]).toEqual(new Array(p).fill(k));
          }
        },
      ),
    );
  });

  it('draws each record once before it repeats any', () => {
    const labels = Int32Array.from({ length: 40 }, (_, index) => index % 4);
    const sampler = identitySampler(labels, { identities: 2, images: 5 });
    expect(sampler.batchSize).toBe(10);
    expect(sorted(sampler.order(0))).toEqual(sorted(Int32Array.from(labels.keys())));
  });

  it('repeats records of small classes only with repeatImages', () => {
    const labels = Int32Array.of(0, 1, 1, 1);
    const options = { identities: 2, images: 3 };
    expect(() => identitySampler(labels, options)).toThrow(
      /needs 2 classes, but only 1 have at least 3 records; lower.*repeatImages/,
    );
    const order = identitySampler(labels, { ...options, repeatImages: true, batchesPerEpoch: 2 }).order(0);
    expect(counts(order).get(0)).toBe(6);
    expect(order.length).toBe(12);
  });

  it('checks its options', () => {
    const labels = Int32Array.of(0, 1);
    expect(() => identitySampler(labels, { identities: 0, images: 1 })).toThrow(ConfigError);
    expect(() => identitySampler(labels, { identities: 1, images: 1.5 })).toThrow(ConfigError);
    expect(() => identitySampler(labels, { identities: 1, images: 1, batchesPerEpoch: 0 })).toThrow(
      ConfigError,
    );
  });
});

describe('cappedSampler', () => {
  const options = fc.record({ maximum: fc.integer({ min: 1, max: 8 }), seed: fc.nat() });

  it('draws at most the maximum of a class in an epoch, no record twice, and all of the others', () => {
    fc.assert(
      fc.property(labelLists, options, fc.nat(1000), (list, { maximum, seed }, epoch) => {
        const labels = Int32Array.from(list);
        const sampler = cappedSampler(labels, { maximum, seed });
        const order = sampler.order(epoch);
        expect(order.length).toBe(sampler.length);
        expect(new Set(order).size).toBe(order.length);
        const drawn = counts(Array.from(order, (record) => labels[record]!));
        for (const [label, count] of counts(list)) {
          expect(drawn.get(label)).toBe(label < 0 ? count : Math.min(count, maximum));
        }
      }),
    );
  });

  it('draws every record of a large class equally often over the run', () => {
    // 12 records, 5 in an epoch: 12 epochs are 5 rounds.
    const labels = Int32Array.from({ length: 15 }, (_, record) => (record < 12 ? 0 : 1));
    const sampler = cappedSampler(labels, { maximum: 5, seed: 7 });
    const hits = counts(Array.from({ length: 12 }, (_, epoch) => [...sampler.order(epoch)]).flat());
    expect(sorted(Int32Array.from(hits.values()))).toEqual([...Array(12).fill(5), 12, 12, 12]);
    const late = Array.from({ length: 3 }, (_, epoch) => [...sampler.order(1e6 + epoch)]).flat();
    expect(new Set(late).size).toBe(15);
  });

  it('depends only on seed and epoch, not on earlier calls', () => {
    const labels = Int32Array.from({ length: 40 }, (_, record) => record % 2);
    const make = (seed: number) => cappedSampler(labels, { maximum: 6, seed });
    const sampler = make(3);
    sampler.order(9);
    expect(sampler.order(4)).toEqual(make(3).order(4));
    expect(sampler.order(4)).not.toEqual(make(4).order(4));
    expect(sorted(sampler.order(4))).not.toEqual(sorted(sampler.order(5)));
  });

  it('has the order of the shuffled sampler if no class is larger', () => {
    const labels = Int32Array.of(0, 0, 1, -1, -1, -1, -1);
    const sampler = cappedSampler(labels, { maximum: 2, seed: 5 });
    expect(sampler.length).toBe(7);
    expect(sampler.order(3)).toEqual(shuffledSampler(7, { seed: 5 }).order(3));
  });

  it('rejects a maximum or a seed that is no integer in its range', () => {
    for (const wrong of [{ maximum: 0 }, { maximum: 1.5 }, { maximum: 2, seed: 0.5 }]) {
      expect(() => cappedSampler(Int32Array.of(0), wrong)).toThrow(ConfigError);
    }
  });
});

describe('classBalancedSampler', () => {
  it('draws all classes equally often, give or take one', () => {
    fc.assert(
      fc.property(labelLists, fc.integer({ min: 1, max: 100 }), fc.nat(), (list, length, seed) => {
        const labels = Int32Array.from(list);
        if (list.every((label) => label < 0)) {
          expect(() => classBalancedSampler(labels)).toThrow(DataError);
          return;
        }
        const order = classBalancedSampler(labels, { length, seed }).order(1);
        const perClass = counts(Array.from(order, (record) => labels[record]!));
        expect(perClass.has(-1)).toBe(false);
        const classes = new Set(list.filter((label) => label >= 0));
        const numbers = Array.from(classes, (label) => perClass.get(label) ?? 0);
        expect(Math.max(...numbers) - Math.min(...numbers)).toBeLessThanOrEqual(1);
        expect(classBalancedSampler(labels, { length, seed }).order(1)).toEqual(order);
      }),
    );
  });

  it('has as many positions as records with a class by default', () => {
    expect(classBalancedSampler(Int32Array.of(0, 0, 0, -1, 1)).length).toBe(4);
    expect(() => classBalancedSampler(Int32Array.of(0), { length: 0 })).toThrow(ConfigError);
  });
});
