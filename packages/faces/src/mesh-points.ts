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
 * Vertices and their weights for each landmark. The weights of one sum to 1.
 *
 * Compared with marked faces, the mesh places the corners of the eyes 2.5 % of the eyes' distance too high, the tip of
 * the nose too far to the side on heads that are turned, and the corners of the mouth too far in. So an eye is the mean of its
 * corners and of two vertices of its lower lid, the nose is pulled towards the nostrils' wings (48 and 278), and a corner of the
 * mouth (61, 291) is extrapolated from the inner corner of the lips (78, 308).
 */
const landmarkVertices: readonly (readonly (readonly [vertex: number, weight: number])[])[] = [
  [33, 133, 163, 154].map((vertex) => [vertex, 0.25]),
  [263, 362, 390, 381].map((vertex) => [vertex, 0.25]),
  [
    [4, 0.7],
    [48, 0.15],
    [278, 0.15],
  ],
  [
    [61, 1.4],
    [78, -0.4],
  ],
  [
    [291, 1.4],
    [308, -0.4],
  ],
];

/** Returns the five landmarks of a mesh: the middles of the eyes, the tip of the nose, and the corners of the mouth. */
export function landmarksOf(points: readonly MeshPoint[]): Face['landmarks'] {
  const along = (vertices: (typeof landmarkVertices)[number], axis: 0 | 1) =>
    vertices.reduce((sum, [vertex, weight]) => sum + weight * points[vertex]![axis], 0);
  const [leftEye, rightEye, nose, leftCorner, rightCorner] = landmarkVertices.map(
    (vertices): Point => [along(vertices, 0), along(vertices, 1)],
  );
  return [leftEye!, rightEye!, nose!, leftCorner!, rightCorner!];
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
