/** A point of a plot, in units of its axes. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Thins a monotonic curve to the resolution of a grid, so that a curve of a million points gives a small page. Keeps the
 * first and the last point of each cell, and both ends of the curve.
 *
 * @param range ranges of both axes, which the grid covers
 * @param cells number of cells along each axis, default 400
 */
export function thinCurve(
  points: readonly Point[],
  range: { readonly x: readonly [number, number]; readonly y: readonly [number, number] },
  cells = 400,
): Point[] {
  const cellOf = (value: number, [low, high]: readonly [number, number]) =>
    Math.round(((value - low) / (high - low)) * cells);
  const keyOf = ({ x, y }: Point) => cellOf(x, range.x) * (cells + 1) + cellOf(y, range.y);
  return points.filter((point, index) => {
    const [before, after] = [points[index - 1], points[index + 1]];
    return !before || !after || keyOf(before) !== keyOf(point) || keyOf(after) !== keyOf(point);
  });
}
