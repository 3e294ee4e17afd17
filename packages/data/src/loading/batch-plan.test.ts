import { ConfigError } from '@openset/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBatches } from './batch-plan.ts';
import { sequentialSampler } from './sampler.ts';

const planRanges = (size: number, options: Parameters<typeof planBatches>[1]) => {
  const plan = planBatches(sequentialSampler(size), options);
  return Array.from({ length: plan.batchesPerEpoch }, (_, batch) => plan.rangeOf(batch));
};

describe('planBatches', () => {
  it('divides an epoch into batches', () => {
    expect(planRanges(10, { batchSize: 4 })).toEqual([
      { from: 0, to: 4 },
      { from: 4, to: 8 },
      { from: 8, to: 10 },
    ]);
    expect(planRanges(10, { batchSize: 4, dropLast: true })).toHaveLength(2);
  });

  it('gives each shard one batch of every group and divides the remainder', () => {
    const options = { batchSize: 2 };
    expect(planRanges(7, { ...options, shard: { index: 0, count: 2 } })).toEqual([
      { from: 0, to: 2 },
      { from: 4, to: 5 },
    ]);
    expect(planRanges(7, { ...options, shard: { index: 1, count: 2 } })).toEqual([
      { from: 2, to: 4 },
      { from: 5, to: 7 },
    ]);
  });

  it('covers every position once across all shards, in the same number of steps', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 50, max: 300 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        (size, batchSize, count) => {
          const shards = Array.from({ length: count }, (_, index) =>
            planRanges(size, { batchSize, shard: { index, count } }),
          );
          const seen = new Uint8Array(size);
          for (const { from, to } of shards.flat()) {
            expect(to - from).toBeLessThanOrEqual(batchSize);
            for (let position = from; position < to; position++) seen[position]!++;
          }
          expect(seen).toEqual(new Uint8Array(size).fill(1));
          const steps = shards.map(({ length }) => length);
          // If fewer records than shards remain, some shards get none.
          const isEven = size % (batchSize * count) === 0 || size % (batchSize * count) >= count;
          expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(isEven ? 0 : 1);
          const full = shards.map((_, index) =>
            planRanges(size, { batchSize, dropLast: true, shard: { index, count } }),
          );
          expect(new Set(full.map(({ length }) => length)).size).toBe(1);
        },
      ),
    );
  });

  it('gives each process a part of every batch, of equal length up to 1', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        (size, batchSize, count) => {
          const whole = planRanges(size, { batchSize });
          const parts = Array.from({ length: count }, (_, index) =>
            planRanges(size, { batchSize, part: { index, count } }),
          );
          for (const [batch, { from, to }] of whole.entries()) {
            const ranges = parts.map((part) => part[batch]!);
            expect([ranges[0]!.from, ...ranges.map((range) => range.to)]).toEqual([
              ...ranges.map((range) => range.from),
              to,
            ]);
            expect(ranges[0]!.from).toBe(from);
            const lengths = ranges.map((range) => range.to - range.from);
            expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
          }
          expect(parts.map(({ length }) => length)).toEqual(parts.map(() => whole.length));
        },
      ),
    );
  });

  it("splits a sampler's batches with part alone", () => {
    const sampler = { ...sequentialSampler(12), batchSize: 6 };
    const plan = planBatches(sampler, { part: { index: 1, count: 4 } });
    expect([plan.rangeOf(0), plan.rangeOf(1)]).toEqual([
      { from: 1, to: 3 },
      { from: 7, to: 9 },
    ]);
    const shard = { index: 0, count: 2 };
    expect(() => planBatches(sampler, { part: shard, shard })).toThrow(/omit one of them/);
    expect(() => planBatches(sampler, { part: { index: 2, count: 2 } })).toThrow(/part\.index/);
  });

  it("does not split a sampler's batches", () => {
    const sampler = { ...sequentialSampler(30), batchSize: 6 };
    const plan = planBatches(sampler, { shard: { index: 1, count: 2 } });
    expect(plan.batchSize).toBe(6);
    expect([plan.rangeOf(0), plan.rangeOf(1)]).toEqual([
      { from: 6, to: 12 },
      { from: 18, to: 24 },
    ]);
    expect(plan.batchesPerEpoch).toBe(2);
    expect(() => planBatches(sampler, { batchSize: 5 })).toThrow(/sampler makes batches of 6/);
  });

  it('rejects options that leave no batch', () => {
    expect(() => planRanges(0, { batchSize: 4 })).toThrow(/0 records do not fill a batch of 4/);
    expect(() => planRanges(3, { batchSize: 4, dropLast: true })).toThrow(ConfigError);
    expect(() => planRanges(3, {})).toThrow(/batchSize/);
    expect(() => planRanges(3, { batchSize: 2, shard: { index: 2, count: 2 } })).toThrow(/shard.index/);
  });
});
