import { DataError, ShapeError } from '@openset/core';

/** A point `[x, y]` in pixels; whole numbers are the centres of pixels. */
export type Point = readonly [x: number, y: number];

/**
 * A similarity of the plane (rotation, one scale, shift, never a reflection):
 * `x' = a·x − b·y + x0`, `y' = b·x + a·y + y0`.
 */
export interface Similarity {
  /** scale · cos(angle) */
  readonly a: number;
  /** scale · sin(angle) */
  readonly b: number;
  readonly x0: number;
  readonly y0: number;
}

/**
 * The similarity that takes some points as near as possible to others, by the sum of squared distances: Umeyama's
 * problem (1991) in two dimensions. With points as complex numbers p → q, both less their means, it is linear in the
 * one complex factor `s = a + ib`, so the minimum is `s = Σ conj(p)·q / Σ |p|²`; a reflection is not of this form.
 *
 * @param from two points or more, not all the same
 * @param to as many points
 * @throws ShapeError if the numbers of points differ or are less than two; DataError for points that are not finite,
 *   or that leave no scale (all in one place)
 */
export function estimateSimilarity(from: readonly Point[], to: readonly Point[]): Similarity {
  if (from.length !== to.length || from.length < 2) {
    throw new ShapeError(
      `estimateSimilarity needs two lists of two points or more, equally long, but got ${from.length} and ${to.length}.`,
    );
  }
  const [fromX, fromY] = meanOf(from);
  const [toX, toY] = meanOf(to);
  let real = 0;
  let imaginary = 0;
  let total = 0;
  from.forEach(([x, y], index) => {
    const [u, v] = [to[index]![0] - toX, to[index]![1] - toY];
    const [p, q] = [x - fromX, y - fromY];
    real += p * u + q * v;
    imaginary += p * v - q * u;
    total += p * p + q * q;
  });
  const a = real / total;
  const b = imaginary / total;
  if (!(Math.hypot(a, b) > 1e-12) || !Number.isFinite(a + b)) {
    throw new DataError(
      `estimateSimilarity: no similarity takes ${JSON.stringify(from)} to ${JSON.stringify(to)}; ` +
        'points must be finite and not all in one place.',
    );
  }
  return { a, b, x0: toX - a * fromX + b * fromY, y0: toY - b * fromX - a * fromY };
}

/** Where a similarity takes a point. */
export function transformPoint({ a, b, x0, y0 }: Similarity, [x, y]: Point): Point {
  return [a * x - b * y + x0, b * x + a * y + y0];
}

/** The similarity that takes everything back. */
export function invertSimilarity({ a, b, x0, y0 }: Similarity): Similarity {
  const square = a * a + b * b;
  const inverse = { a: a / square, b: -b / square };
  return {
    ...inverse,
    x0: -(inverse.a * x0 - inverse.b * y0),
    y0: -(inverse.b * x0 + inverse.a * y0),
  };
}

function meanOf(points: readonly Point[]): Point {
  let [sumX, sumY] = [0, 0];
  for (const [x, y] of points) {
    sumX += x;
    sumY += y;
  }
  return [sumX / points.length, sumY / points.length];
}
