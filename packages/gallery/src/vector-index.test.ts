import { ConfigError, DataError, randomNumbers } from '@openset/core';
import { cosineSimilarities } from '@openset/metrics';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { quantiseRow } from './quantise-row.ts';
import { VectorIndex } from './vector-index.ts';

const cosine = (a: Float32Array, b: Float32Array) => cosineSimilarities(a, b, a.length)[0]!;

/** Rows and their groups: by default each row is its own group. */
interface Rows {
  readonly rows: readonly Float32Array[];
  readonly groups?: readonly number[];
}

/** Returns the highest cosine of each group, highest first, those with equal ones in order of groups. */
function rank(cosines: Iterable<readonly [group: number, cosine: number]>): [number, number][] {
  const best = new Map<number, number>();
  for (const [group, value] of cosines) best.set(group, Math.max(value, best.get(group) ?? -2));
  return [...best].sort(([a, cosineOfA], [b, cosineOfB]) => cosineOfB - cosineOfA || a - b);
}

/** Compares a search with a walk over all rows, and returns the number of rows that were scored. */
function expectExact(
  { rows, groups = rows.map((_, index) => index) }: Rows,
  probe: Float32Array,
  limit: number,
): number {
  const index = new VectorIndex(probe.length);
  const slots = rows.map((row, place) => index.add(quantiseRow(row), groups[place]!));
  const rowAt = new Map(slots.map((slot, place) => [slot, place]));
  const found = index.search(probe, limit, (some) =>
    some.map((slot) => cosine(probe, rows[rowAt.get(slot)!]!)),
  );
  expect(new Set(found.slots).size).toBe(found.slots.length);
  const ofFound = found.slots.map((slot, at) => [groups[rowAt.get(slot)!]!, found.cosines[at]!] as const);
  const all = rows.map((row, place) => [groups[place]!, cosine(probe, row)] as const);
  expect(rank(ofFound).slice(0, limit)).toEqual(rank(all).slice(0, limit));
  return found.slots.length;
}

/** Returns random vectors from a seed. */
function vectorsFrom(seed: number) {
  const random = randomNumbers(seed);
  return (size: number) => Float32Array.from({ length: size }, () => random() + random() + random() - 1.5);
}

const numRuns = inject('long') ? 3000 : 80;

// Without WebAssembly, the products are in plain JavaScript.
describe.each([true, false])('VectorIndex with WebAssembly: %s', (hasWebAssembly) => {
  beforeAll(() => {
    if (!hasWebAssembly) vi.stubGlobal('WebAssembly', undefined);
  });
  afterAll(() => {
    vi.unstubAllGlobals();
  });

  it('finds the nearest of a few rows', () => {
    const index = new VectorIndex(2);
    const vectors = [Float32Array.of(1, 0), Float32Array.of(0.6, 0.8), Float32Array.of(0, -1)];
    const slots = vectors.map((row, group) => index.add(quantiseRow(row), group));
    expect(slots).toEqual([0, 1, 2]);
    const probe = Float32Array.of(0, 7);
    const found = index.search(probe, 1, (some) => some.map((slot) => cosine(probe, vectors[slot]!)));
    expect(found).toEqual({ slots: [1], cosines: [expect.closeTo(0.8, 6)] });
    expect(index.rowCount).toBe(3);
  });

  it('has no result without rows', () => {
    const index = new VectorIndex(3);
    const score = () => expect.unreachable();
    expect(index.search(Float32Array.of(1, 2, 3), 5, score)).toEqual({ slots: [], cosines: [] });
    index.remove(index.add(quantiseRow(Float32Array.of(1, 2, 3)), 7));
    expect(index.search(Float32Array.of(1, 2, 3), 5, score)).toEqual({ slots: [], cosines: [] });
  });

  const values = fc.float({ noNaN: true, noDefaultInfinity: true });
  /** Any row, one with a single value, and one with equal values. */
  const rowOf = (size: number) =>
    fc
      .oneof(
        fc.array(values, { minLength: size, maxLength: size }),
        fc.array(fc.constantFrom(-1, 0, 1), { minLength: size, maxLength: size }),
        fc.record({ at: fc.nat(size - 1), value: values }).map(({ at, value }) => {
          const row = new Array<number>(size).fill(0);
          row[at] = value;
          return row;
        }),
      )
      .map((row) => Float32Array.from(row))
      .filter((row) => row.some((value) => value !== 0));

  it('agrees with a walk over all rows, for any rows', () => {
    const search = fc.integer({ min: 1, max: 40 }).chain((size) =>
      fc.record({
        rows: fc.array(fc.record({ row: rowOf(size), group: fc.nat(12) }), { minLength: 1, maxLength: 30 }),
        probe: rowOf(size),
        limit: fc.integer({ min: 1, max: 15 }),
      }),
    );
    fc.assert(
      fc.property(search, ({ rows, probe, limit }) => {
        const given = { rows: rows.map(({ row }) => row), groups: rows.map(({ group }) => group) };
        expectExact(given, probe, limit);
      }),
      { numRuns },
    );
  });

  it.each([1, 2, 16, 17, 100, 512])('agrees with it for nearly equal rows of %i numbers', (size) => {
    const next = vectorsFrom(size);
    const base = next(size);
    for (const noise of [1e-1, 1e-2, 1e-3, 1e-5, 1e-7, 0]) {
      const rows = Array.from({ length: 60 }, () => {
        const direction = next(size);
        return base.map((value, k) => value + noise * direction[k]!);
      });
      const groups = rows.map((_, place) => place % 20);
      for (const limit of [1, 5, 20, 30]) {
        expectExact({ rows }, base, limit);
        expectExact({ rows, groups }, rows[7]!, limit);
        expectExact({ rows, groups }, next(size), limit);
      }
    }
  });

  it('agrees with it for one-hot rows and sums of two of them, with many ties', () => {
    const size = 48;
    const hot = (...places: number[]) =>
      Float32Array.from({ length: size }, (_, k) => (places.includes(k) ? 3 : 0));
    const rows = Array.from({ length: 96 }, (_, place) => hot(place % size, (place * 7) % size));
    for (const limit of [1, 3, 50]) {
      for (const probe of [hot(0), hot(5, 6), hot(...Array(size).keys()), rows[13]!]) {
        expectExact({ rows }, probe, limit);
      }
    }
  });

  it('agrees with it for rows whose values differ by many orders of magnitude', () => {
    const random = randomNumbers(4);
    const next = () => Float32Array.from({ length: 64 }, () => (random() - 0.5) * 10 ** (-30 * random()));
    const rows = Array.from({ length: 200 }, next);
    for (let probe = 0; probe < 20; probe++) expectExact({ rows }, next(), 1 + probe);
  });

  it('agrees with it for huge rows, whose products are near the largest of int32', () => {
    const size = 70_000;
    const next = vectorsFrom(8);
    const ones = new Float32Array(size).fill(1);
    const rows = [
      ones,
      ones.map((value) => -value),
      next(size),
      next(size),
      ones.map((_, k) => (k % 2) - 0.25),
    ];
    for (const probe of rows) expectExact({ rows }, probe, 2);
    const single = new Float32Array(size);
    single[size - 1] = -2;
    expectExact({ rows: [...rows, single] }, single, 3);
  });

  it('scores few of many rows', () => {
    const next = vectorsFrom(6);
    const rows = Array.from({ length: 3000 }, () => next(128));
    let scored = 0;
    for (let probe = 0; probe < 10; probe++) scored += expectExact({ rows }, next(128), 5);
    expect(scored / 10).toBeLessThan(150);
  });

  it('scores all of one group only as far as they can be its best', () => {
    const next = vectorsFrom(7);
    const rows = Array.from({ length: 1000 }, () => next(64));
    const groups = rows.map((_, place) => place % 4);
    // There are fewer groups than asked for.
    expect(expectExact({ rows, groups }, next(64), 10)).toBeLessThan(200);
  });

  it('agrees with it while rows are added, removed and replaced', () => {
    const random = randomNumbers(9);
    const next = vectorsFrom(10);
    const index = new VectorIndex(20);
    const rows = new Map<number, { row: Float32Array; group: number }>();
    for (let step = 0; step < 600; step++) {
      const slots = [...rows.keys()];
      if (random() < 0.6 || slots.length === 0) {
        const [row, group] = [next(20), Math.floor(1e9 * Math.floor(9 * random()))];
        const slot = index.add(quantiseRow(row), group);
        expect(rows.has(slot)).toBe(false);
        rows.set(slot, { row, group });
      } else {
        const slot = slots[Math.floor(random() * slots.length)]!;
        index.remove(slot);
        rows.delete(slot);
        expect(() => index.remove(slot)).toThrow(ConfigError);
      }
      expect(index.rowCount).toBe(rows.size);
      if (step % 10 > 0) continue;
      const probe = next(20);
      const found = index.search(probe, 3, (some) => some.map((slot) => cosine(probe, rows.get(slot)!.row)));
      const ofFound = found.slots.map((slot, at) => [rows.get(slot)!.group, found.cosines[at]!] as const);
      const all = [...rows.values()].map(({ row, group }) => [group, cosine(probe, row)] as const);
      expect(rank(ofFound).slice(0, 3)).toEqual(rank(all).slice(0, 3));
    }
  });

  it('refuses sizes out of range and damaged rows, and stays as it is', () => {
    for (const size of [0, 1.5, 2 ** 24 + 1, Number.NaN])
      expect(() => new VectorIndex(size)).toThrow(ConfigError);
    const index = new VectorIndex(3);
    const good = quantiseRow(Float32Array.of(1, 2, 3));
    const damaged = good.slice();
    new DataView(damaged.buffer).setFloat32(0, Number.NaN, true);
    for (const bytes of [new Uint8Array(0), good.slice(1), quantiseRow(Float32Array.of(1, 2)), damaged]) {
      expect(() => index.add(bytes, 0)).toThrow(DataError);
    }
    expect(() => index.remove(0)).toThrow(ConfigError);
    expect(index.rowCount).toBe(0);
  });
});
