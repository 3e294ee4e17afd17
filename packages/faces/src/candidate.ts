import type { Point } from '@openset/data';

/** A rectangle in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A possible face that the detector network reports. */
export interface Candidate {
  readonly box: Box;
  /** Confidence of the detector network, in [0, 1]. */
  readonly score: number;
  /** Eyes: the left and the right one in the image of an upright face. */
  readonly eyes: readonly [Point, Point];
}

/** Returns intersection over union of two boxes, in [0, 1]. */
export function overlap(first: Box, second: Box): number {
  const width = Math.min(first.x + first.width, second.x + second.width) - Math.max(first.x, second.x);
  const height = Math.min(first.y + first.height, second.y + second.height) - Math.max(first.y, second.y);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / (first.width * first.height + second.width * second.height - intersection);
}
