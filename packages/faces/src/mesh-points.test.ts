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
  const place = (vertex: number, x: number, y: number) => {
    mesh[vertex] = [x, y, 0];
  };
  place(33, 10, 20);
  place(133, 14, 22);
  place(163, 11, 23);
  place(154, 13, 23);
  place(263, 34, 20);
  place(362, 30, 22);
  place(390, 33, 23);
  place(381, 31, 23);
  place(4, 24, 30);
  place(48, 17, 32);
  place(278, 27, 32);
  place(61, 16, 40);
  place(78, 18, 40);
  place(291, 28, 41);
  place(308, 26, 41);

  it('are the middles of the eyes, the nose, and the corners of the mouth', () => {
    const expected = [
      [12, 22],
      [32, 22],
      [23.4, 30.6],
      [15.2, 40],
      [28.8, 41],
    ];
    landmarksOf(mesh).forEach(([x, y], index) => {
      expect(x).toBeCloseTo(expected[index]![0]!, 10);
      expect(y).toBeCloseTo(expected[index]![1]!, 10);
    });
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
