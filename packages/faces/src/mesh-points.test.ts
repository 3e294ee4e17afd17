import { describe, expect, it } from 'vitest';
import { eyeAngle, landmarksOf, type MeshPoint, meshBox, meshOutline, placeMesh } from './mesh-points.ts';

describe('placeMesh', () => {
  it('maps coordinates of the crop to the image, and scales depths', () => {
    // Twice as large, turned by 90°: (x, y) → (10 − 2 y, 20 + 2 x). The crop's first pixel spans 0 to 1, so its centre is ½.
    const toImage = { a: 0, b: 2, x0: 10, y0: 20 };
    expect(placeMesh([0.5, 0.5, 3, 4.5, 1.5, -1], toImage)).toEqual([
      [10, 20, 6],
      [8, 28, -2],
    ]);
  });
});

describe('landmarks of a mesh', () => {
  const mesh: MeshPoint[] = Array.from({ length: 468 }, () => [0, 0, 0]);
  mesh[33] = [10, 20, 0];
  mesh[133] = [14, 22, 0];
  mesh[362] = [30, 22, 0];
  mesh[263] = [34, 20, 0];
  mesh[4] = [22, 30, -9];
  mesh[61] = [16, 40, 0];
  mesh[291] = [28, 41, 0];

  it('are the middles of the eyes, the nose, and the corners of the mouth', () => {
    expect(landmarksOf(mesh)).toEqual([
      [12, 21],
      [32, 21],
      [22, 30],
      [16, 40],
      [28, 41],
    ]);
  });

  it('tell the tilt of the eyes', () => {
    const [left, , ...rest] = landmarksOf(mesh);
    expect(eyeAngle(landmarksOf(mesh))).toBe(0);
    expect(eyeAngle([left, [12, 41], ...rest])).toBeCloseTo(Math.PI / 2, 10);
  });
});

describe('boxes of a mesh', () => {
  const diamond: MeshPoint[] = [
    [10, 0, 0],
    [20, 10, 0],
    [10, 20, 0],
    [0, 10, 0],
  ];

  it('surround all points', () => {
    expect(meshBox(diamond)).toEqual({ x: 0, y: 0, width: 20, height: 20 });
  });

  it('have the side of the upright face', () => {
    expect(meshOutline(diamond, 0)).toEqual({ center: [10, 10], side: 20, angle: 0 });
    const turned = meshOutline(diamond, Math.PI / 4);
    expect(turned.side).toBeCloseTo(20 / Math.SQRT2, 10);
    expect(turned.center).toEqual([expect.closeTo(10, 10), expect.closeTo(10, 10)]);
  });
});
