/** A point on the page, in units of its axes. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The points of a monotonic curve that can be told apart on a grid, so that a curve of a million points makes a small
 * page: of points in one cell the first and the last stay, and so do both ends.
 *
 * @param range of both axes: what falls on the grid
 * @param cells of each axis, default 400, finer than a plot's pixels
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
