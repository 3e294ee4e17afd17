import { DataError, ShapeError } from '@openset/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateSimilarity, invertSimilarity, type Point, transformPoint } from './similarity.ts';

const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
const pointLists = fc
  .array(fc.tuple(coordinate, coordinate), { minLength: 2, maxLength: 8 })
  .filter((points) => points.some(([x, y]) => Math.hypot(x - points[0]![0], y - points[0]![1]) > 1));

const residuals = (points: readonly Point[], targets: readonly Point[], map: (point: Point) => Point) =>
  points.map((point, index): Point => {
    const [x, y] = map(point);
    return [targets[index]![0] - x, targets[index]![1] - y];
  });

describe('estimateSimilarity', () => {
  it('finds a known rotation, scale and shift', () => {
    fc.assert(
      fc.property(
        pointLists,
        fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        coordinate,
        coordinate,
        (points, angle, scale, x0, y0) => {
          const known = { a: scale * Math.cos(angle), b: scale * Math.sin(angle), x0, y0 };
          const found = estimateSimilarity(
            points,
            points.map((point) => transformPoint(known, point)),
          );
          expect(found.a).toBeCloseTo(known.a, 6);
          expect(found.b).toBeCloseTo(known.b, 6);
          expect(found.x0).toBeCloseTo(known.x0, 3);
          expect(found.y0).toBeCloseTo(known.y0, 3);
        },
      ),
    );
  });

  it('minimises the residual', () => {
    // The normal equations: the residual r is orthogonal to every direction in which the map can change:
    // Σ r = 0, and Σ conj(p)·r = 0 for the complex points p.
    fc.assert(
      fc.property(
        pointLists,
        fc.array(fc.tuple(coordinate, coordinate), { minLength: 8, maxLength: 8 }),
        (points, noise) => {
          const targets = noise.slice(0, points.length);
          let found: ReturnType<typeof estimateSimilarity>;
          try {
            found = estimateSimilarity(points, targets);
          } catch {
            return;
          }
          const left = residuals(points, targets, (point) => transformPoint(found, point));
          const sum = (term: (r: Point, p: Point) => number) =>
            left.reduce((total, r, index) => total + term(r, points[index]!), 0);
          const tolerance = 1e-9 * 500 * 500 * 8 * 10;
          expect(Math.abs(sum(([x]) => x))).toBeLessThan(tolerance);
          expect(Math.abs(sum(([, y]) => y))).toBeLessThan(tolerance);
          expect(Math.abs(sum(([x, y], [p, q]) => p * x + q * y))).toBeLessThan(tolerance);
          expect(Math.abs(sum(([x, y], [p, q]) => p * y - q * x))).toBeLessThan(tolerance);
        },
      ),
    );
  });

  it('never reflects, even if a reflection would fit better', () => {
    const points: Point[] = [
      [0, 0],
      [4, 0],
      [4, 1],
      [0, 1],
    ];
    const found = estimateSimilarity(
      points,
      points.map(([x, y]) => [x, -y]),
    );
    // About the means p = (±2, ±0.5): Σ conj(p)·conj(p) / Σ |p|² = 4·(4 − 0.25) / (4·4.25).
    expect(found.a).toBeCloseTo(3.75 / 4.25, 12);
    expect(found.b).toBeCloseTo(0, 12);
    // The determinant of the map is a² + b², which no reflection has.
    expect(found.a ** 2 + found.b ** 2).toBeGreaterThan(0);
  });

  it('rejects points without a solution', () => {
    const one: Point = [1, 2];
    const two: Point = [3, 5];
    expect(() => estimateSimilarity([one], [one])).toThrow(ShapeError);
    expect(() => estimateSimilarity([one, two], [one])).toThrow(ShapeError);
    expect(() => estimateSimilarity([one, one], [one, two])).toThrow(DataError);
    expect(() => estimateSimilarity([one, two], [one, one])).toThrow(/must not all coincide/);
    expect(() => estimateSimilarity([one, [Number.NaN, 0]], [one, two])).toThrow(DataError);
  });
});

it('invertSimilarity maps points back', () => {
  const forward = { a: 0.5, b: -2, x0: 30, y0: -7 };
  const [x, y] = transformPoint(invertSimilarity(forward), transformPoint(forward, [11, 13]));
  expect(x).toBeCloseTo(11, 12);
  expect(y).toBeCloseTo(13, 12);
});
