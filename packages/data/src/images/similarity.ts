import { DataError, ShapeError } from '@openset/core';

/** A point `[x, y]` in pixels; integers are pixel centres. */
export type Point = readonly [x: number, y: number];

/**
 * A similarity of the plane: rotation, uniform scale and translation, without reflection.
 * `x' = a·x − b·y + x0`, `y' = b·x + a·y + y0`.
 */
export interface Similarity {
  /** scale · cos(angle) */
  readonly a: number;
  /** scale · sin(angle) */
  readonly b: number;
  /** Translation to the right, in pixels of the target. */
  readonly x0: number;
  /** Translation down, in pixels of the target. */
  readonly y0: number;
}

/**
 * Returns the similarity that maps points to targets with the least sum of squared distances: Umeyama's problem (1991)
 * in two dimensions. With points as complex numbers p → q, both centred at their means, the problem is linear in one
 * complex factor `s = a + ib`, so its minimum is `s = Σ conj(p)·q / Σ |p|²`. A reflection does not have this form.
 *
 * @param from at least two points that do not all coincide
 * @param to the target of each point
 * @throws ShapeError if the numbers of points differ or are less than two; DataError if points are not finite, or all
 *   coincide, which leaves the scale undefined
 */
export function estimateSimilarity(from: readonly Point[], to: readonly Point[]): Similarity {
  if (from.length !== to.length || from.length < 2) {
    throw new ShapeError(
      `estimateSimilarity needs as many targets as points, at least two, but got ${from.length} points and ${to.length} targets.`,
    );
  }
  const [fromX, fromY] = meanPoint(from);
  const [toX, toY] = meanPoint(to);
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
      `estimateSimilarity: no similarity maps ${JSON.stringify(from)} to ${JSON.stringify(to)}; ` +
        'points must be finite and must not all coincide.',
    );
  }
  return { a, b, x0: toX - a * fromX + b * fromY, y0: toY - b * fromX - a * fromY };
}

/** Applies a similarity to a point. */
export function transformPoint({ a, b, x0, y0 }: Similarity, [x, y]: Point): Point {
  return [a * x - b * y + x0, b * x + a * y + y0];
}

/** Returns the inverse of a similarity. */
export function invertSimilarity({ a, b, x0, y0 }: Similarity): Similarity {
  const square = a * a + b * b;
  const inverse = { a: a / square, b: -b / square };
  return {
    ...inverse,
    x0: -(inverse.a * x0 - inverse.b * y0),
    y0: -(inverse.b * x0 + inverse.a * y0),
  };
}

function meanPoint(points: readonly Point[]): Point {
  let [sumX, sumY] = [0, 0];
  for (const [x, y] of points) {
    sumX += x;
    sumY += y;
  }
  return [sumX / points.length, sumY / points.length];
}
