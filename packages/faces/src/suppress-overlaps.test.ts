import { describe, expect, it } from 'vitest';
import { containment, overlap, type Square } from './candidate.ts';
import { suppressOverlaps } from './suppress-overlaps.ts';

const square = (x: number, y: number, side: number, score = 0.5) =>
  ({ center: [x, y], side, score }) as const;

describe('overlap', () => {
  it('is intersection over union', () => {
    expect(overlap(square(0, 0, 4), square(2, 0, 4))).toBeCloseTo(8 / 24, 10);
    expect(overlap(square(0, 0, 4), square(0.5, -0.5, 2))).toBeCloseTo(4 / 16, 10);
    expect(overlap(square(3, 5, 4), square(3, 5, 4))).toBe(1);
    expect(overlap(square(0, 0, 4), square(4, 0, 4))).toBe(0);
    expect(overlap(square(0, 0, 4), square(100, 100, 4))).toBe(0);
  });
});

describe('containment', () => {
  it('is the share of the smaller square that lies in the other one', () => {
    expect(containment(square(0, 0, 4), square(2, 0, 2))).toBe(0.5);
    expect(containment(square(0.5, -0.5, 2), square(0, 0, 4))).toBe(1);
    expect(containment(square(0, 0, 4), square(4, 0, 4))).toBe(0);
  });
});

describe('suppressOverlaps', () => {
  const isSame = (first: Square, second: Square) => overlap(first, second) > 0.3;

  it('keeps the best of each group, best score first', () => {
    const [worse, best, other] = [square(0, 0, 10, 0.6), square(1, 0, 10, 0.9), square(50, 0, 10, 0.7)];
    expect(suppressOverlaps([worse, best, other], isSame)).toEqual([best, other]);
  });

  it('lets a dropped square drop no other', () => {
    // The middle one overlaps both; the outer ones overlap each other by 2 / 18.
    const row = [square(0, 0, 10, 0.9), square(4, 0, 10, 0.8), square(8, 0, 10, 0.7)];
    expect(suppressOverlaps(row, isSame)).toEqual([row[0], row[2]]);
    expect(suppressOverlaps([], isSame)).toEqual([]);
  });
});
