import { expect, it } from 'vitest';
import { thinCurve } from './thin-curve.ts';

const range = { x: [0, 1], y: [0, 1] } as const;

it('drops points that a plot cannot distinguish', () => {
  const points = Array.from({ length: 100_001 }, (_, index) => ({ x: index / 1e5, y: index / 1e5 }));
  const thin = thinCurve(points, range, 100);
  expect(thin.length).toBeLessThanOrEqual(2 * 101);
  expect(thin[0]).toEqual({ x: 0, y: 0 });
  expect(thin.at(-1)).toEqual({ x: 1, y: 1 });
  // Every point is within one cell of a kept point.
  for (const { x } of points) expect(thin.some((one) => Math.abs(one.x - x) <= 0.01)).toBe(true);
});

it('keeps corners and all points of a short curve', () => {
  const corner = [
    { x: 0, y: 0 },
    { x: 0, y: 1 },
    { x: 1, y: 1 },
  ];
  expect(thinCurve(corner, range)).toEqual(corner);
  expect(thinCurve([], range)).toEqual([]);
});
