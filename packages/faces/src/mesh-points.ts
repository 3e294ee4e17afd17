import { type Point, type Similarity, transformPoint } from '@openset/data';
import type { Face } from './face.ts';

/** A point of a face mesh: x and y in pixels, and the depth in the same unit; smaller is nearer to the camera. */
export type MeshPoint = readonly [x: number, y: number, depth: number];

/**
 * Maps the output of the mesh network to the image.
 * @param coordinates 468 times x, y and depth in pixels of the crop, whose first pixel spans 0 to 1
 * @param toImage maps points of the crop, with pixel centres at integers, to points of the image
 */
export function placeMesh(coordinates: ArrayLike<number>, toImage: Similarity): MeshPoint[] {
  const scale = Math.hypot(toImage.a, toImage.b);
  const points: MeshPoint[] = [];
  for (let index = 0; index + 2 < coordinates.length; index += 3) {
    const [x, y] = transformPoint(toImage, [coordinates[index]! - 0.5, coordinates[index + 1]! - 0.5]);
    points.push([x, y, coordinates[index + 2]! * scale]);
  }
  return points;
}

/**
 * Returns the five landmarks of a mesh: the middles of the eyes' corners (points 33 and 133, 362 and 263), the tip of the nose
 * (4), and the corners of the mouth (61 and 291).
 */
export function landmarksOf(points: readonly MeshPoint[]): Face['landmarks'] {
  const at = (index: number): Point => [points[index]![0], points[index]![1]];
  return [middle(at(33), at(133)), middle(at(362), at(263)), at(4), at(61), at(291)];
}

/** Returns the middle of two points. */
export function middle([x, y]: Point, [u, v]: Point): Point {
  return [(x + u) / 2, (y + v) / 2];
}

/** Returns the angle, in radians, by which the line from the left to the right eye is tilted clockwise. */
export function eyeAngle([left, right]: readonly [Point, Point, ...Point[]]): number {
  return Math.atan2(right[1] - left[1], right[0] - left[0]);
}

/** Returns the box around all points of a mesh. */
export function meshBox(points: readonly MeshPoint[]): Face['box'] {
  const [left, right] = extent(points.map(([x]) => x));
  const [top, bottom] = extent(points.map(([, y]) => y));
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Returns the outline of a mesh for crops: centre and longer side of the box around it after a turn by `−angle`. */
export function meshOutline(points: readonly MeshPoint[], angle: number): Face['mesh'] {
  const turn = { a: Math.cos(angle), b: Math.sin(angle), x0: 0, y0: 0 };
  const back = { ...turn, b: -turn.b };
  const upright = points.map(([x, y]) => transformPoint(back, [x, y]));
  const [left, right] = extent(upright.map(([x]) => x));
  const [top, bottom] = extent(upright.map(([, y]) => y));
  const center = transformPoint(turn, [(left + right) / 2, (top + bottom) / 2]);
  return { center, side: Math.max(right - left, bottom - top), angle };
}

function extent(values: readonly number[]): [minimum: number, maximum: number] {
  return [Math.min(...values), Math.max(...values)];
}
