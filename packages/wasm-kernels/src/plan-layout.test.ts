import type { InferencePlan, PlanStep } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { layOut } from './plan-layout.ts';
import { sizeOf } from './plan-step.ts';

const map = (input: number, output: number, residual: number | null = null): PlanStep => ({
  kind: 'map',
  input,
  output,
  scale: null,
  bias: null,
  residual,
  slopes: null,
});

/** A chain with a sum over three steps, a concatenation, and a map that nothing reads. */
const plan: InferencePlan = {
  maps: [
    [4, 4, 3],
    [4, 4, 5],
    [4, 4, 5],
    [4, 4, 5],
    [2, 3, 1],
    [4, 4, 5],
    [4, 4, 10],
    [4, 4, 10],
  ],
  steps: [
    map(0, 1),
    map(1, 2),
    map(2, 3),
    map(3, 4),
    map(3, 5, 1),
    { kind: 'concatenate', inputs: [5, 1], output: 6 },
    map(6, 7),
  ],
  result: 7,
};

/** Steps from the one that writes a map to the last one that reads it. */
const lifetimes: Readonly<Record<number, readonly [number, number]>> = {
  1: [0, 5],
  2: [1, 2],
  3: [2, 4],
  4: [3, 3],
  5: [4, 5],
  6: [5, 6],
};

describe('layOut', () => {
  it.each([1, 3])('separates maps that exist at the same time, batch %i', (batch) => {
    const { offsets, size } = layOut(plan, batch);
    expect([offsets[0], offsets[7]]).toEqual([undefined, undefined]);
    const ends = plan.maps.map((shape, index) => (offsets[index] ?? 0) + batch * sizeOf(shape));
    for (const [a, [writtenA, readA]] of Object.entries(lifetimes)) {
      expect(offsets[+a]! % 16).toBe(0);
      expect(ends[+a]).toBeLessThanOrEqual(size);
      for (const [b, [writtenB, readB]] of Object.entries(lifetimes)) {
        if (a === b || readA < writtenB || readB < writtenA) continue;
        expect(offsets[+a]! >= ends[+b]! || offsets[+b]! >= ends[+a]!, `maps ${a} and ${b}`).toBe(true);
      }
    }
  });

  it('uses memory again', () => {
    const { size } = layOut(plan, 100);
    // The maps 1, 5 and 6 exist at the same time, with 16 values between them.
    expect(size).toBe(100 * (80 + 80 + 160) + 3 * 16);
  });
});
