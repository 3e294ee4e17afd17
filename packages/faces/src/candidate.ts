import type { Point } from '@openset/data';

/** A square with horizontal and vertical sides, in pixels. */
export interface Square {
  readonly center: Point;
  readonly side: number;
}

/** A possible face that the detector network reports. */
export interface Candidate extends Square {
  /** Confidence of the detector network, in [0, 1]. */
  readonly score: number;
  /** Eyes: the left and the right one in the image of an upright face. */
  readonly eyes: readonly [Point, Point];
}

/** Returns intersection over union of two squares, in [0, 1]. */
export function overlap(first: Square, second: Square): number {
  const shared = intersection(first, second);
  return shared === 0 ? 0 : shared / (first.side ** 2 + second.side ** 2 - shared);
}

/** Returns the share of the smaller of two squares that lies in the other one, in [0, 1]. */
export function containment(first: Square, second: Square): number {
  const shared = intersection(first, second);
  return shared === 0 ? 0 : shared / Math.min(first.side, second.side) ** 2;
}

function intersection(first: Square, second: Square): number {
  const half = (first.side + second.side) / 2;
  const smaller = Math.min(first.side, second.side);
  const along = (axis: 0 | 1) => Math.min(smaller, half - Math.abs(first.center[axis] - second.center[axis]));
  const [width, height] = [along(0), along(1)];
  return width > 0 && height > 0 ? width * height : 0;
}
