import { ConfigError } from '@openset/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBatches } from './batch-plan.ts';
import { sequentialSampler } from './sampler.ts';

const placesOf = (size: number, options: Parameters<typeof planBatches>[1]) => {
  const plan = planBatches(sequentialSampler(size), options);
  return Array.from({ length: plan.batchesPerEpoch }, (_, batch) => plan.placesOf(batch));
};

describe('planBatches', () => {
  it('cuts an epoch into batches', () => {
    expect(placesOf(10, { batchSize: 4 })).toEqual([
      { from: 0, to: 4 },
      { from: 4, to: 8 },
      { from: 8, to: 10 },
    ]);
    expect(placesOf(10, { batchSize: 4, dropLast: true })).toHaveLength(2);
  });

  it('gives shards one batch of every group, and shares out the rest', () => {
    const options = { batchSize: 2 };
    expect(placesOf(7, { ...options, shard: { index: 0, count: 2 } })).toEqual([
      { from: 0, to: 2 },
      { from: 4, to: 5 },
    ]);
    expect(placesOf(7, { ...options, shard: { index: 1, count: 2 } })).toEqual([
      { from: 2, to: 4 },
      { from: 5, to: 7 },
    ]);
  });

  it('all shards together have every place once, in as many steps', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 50, max: 300 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        (size, batchSize, count) => {
          const shards = Array.from({ length: count }, (_, index) =>
            placesOf(size, { batchSize, shard: { index, count } }),
          );
          const seen = new Uint8Array(size);
          for (const { from, to } of shards.flat()) {
            expect(to - from).toBeLessThanOrEqual(batchSize);
            for (let place = from; place < to; place++) seen[place]!++;
          }
          expect(seen).toEqual(new Uint8Array(size).fill(1));
          const steps = shards.map(({ length }) => length);
          // With fewer records left than shards, some have none.
          const isEven = size % (batchSize * count) === 0 || size % (batchSize * count) >= count;
          expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(isEven ? 0 : 1);
          const full = shards.map((_, index) =>
            placesOf(size, { batchSize, dropLast: true, shard: { index, count } }),
          );
          expect(new Set(full.map(({ length }) => length)).size).toBe(1);
        },
      ),
    );
  });

  it('keeps the batches of a sampler whole', () => {
    const sampler = { ...sequentialSampler(30), batchSize: 6 };
    const plan = planBatches(sampler, { shard: { index: 1, count: 2 } });
    expect(plan.batchSize).toBe(6);
    expect([plan.placesOf(0), plan.placesOf(1)]).toEqual([
      { from: 6, to: 12 },
      { from: 18, to: 24 },
    ]);
    expect(plan.batchesPerEpoch).toBe(2);
    expect(() => planBatches(sampler, { batchSize: 5 })).toThrow(/sampler makes batches of 6/);
  });

  it('refuses what makes no batch', () => {
    expect(() => placesOf(0, { batchSize: 4 })).toThrow(/0 records make no batch of 4/);
    expect(() => placesOf(3, { batchSize: 4, dropLast: true })).toThrow(ConfigError);
    expect(() => placesOf(3, {})).toThrow(/batchSize/);
    expect(() => placesOf(3, { batchSize: 2, shard: { index: 2, count: 2 } })).toThrow(/shard.index/);
  });
});
