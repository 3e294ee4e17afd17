import { faceTemplate, type PixelImage, warpImage } from '@openset/data';
import { describe, expect, it } from 'vitest';
import type { Face } from './face.ts';
import { headYaw, laplacianVariance, measureQuality } from './face-quality.ts';
import type { MeshPoint } from './mesh-points.ts';

/** A grey image of stripes, `period` pixels each. */
function stripes(size: number, period: number): PixelImage {
  const data = Uint8Array.from({ length: size * size }, (_, index) =>
    (index % size) % period < period / 2 ? 200 : 50,
  );
  return { data, height: size, width: size, channels: 1 };
}

/** A mesh whose sides of the face are turned by an angle in degrees. */
function turnedMesh(yaw: number): MeshPoint[] {
  const points: MeshPoint[] = Array.from({ length: 468 }, () => [0, 0, 0]);
  const [x, depth] = [50 * Math.cos((yaw * Math.PI) / 180), 50 * Math.sin((yaw * Math.PI) / 180)];
  points[234] = [-x, 0, -depth];
  points[454] = [x, 0, depth];
  return points;
}

const landmarks = faceTemplate as Face['landmarks'];

describe('laplacianVariance', () => {
  it('is zero for a flat image and for a ramp', () => {
    const flat = { data: new Uint8Array(36).fill(80), height: 6, width: 6, channels: 1 };
    const ramp = { ...flat, data: Uint8Array.from({ length: 36 }, (_, index) => 10 * (index % 6)) };
    expect(laplacianVariance(flat)).toBe(0);
    expect(laplacianVariance(ramp)).toBe(0);
  });

  it('has the value of a single bright pixel', () => {
    const data = new Uint8Array(25);
    data[12] = 255;
    // The inner 3 × 3 pixels have the Laplacians 4, four times −1, and four times 0.
    expect(laplacianVariance({ data, height: 5, width: 5, channels: 1 })).toBeCloseTo(20 / 9, 10);
  });

  it('is zero for an image without inner pixels', () => {
    expect(laplacianVariance({ data: new Uint8Array(4), height: 2, width: 2, channels: 1 })).toBe(0);
  });
});

describe('measureQuality', () => {
  const sharp = stripes(112, 8);

  it('finds a blurred face less sharp', () => {
    const small = warpImage(sharp, { a: 0.25, b: 0, x0: -0.375, y0: -0.375 }, { height: 28, width: 28 });
    const blurred = warpImage(small, { a: 4, b: 0, x0: 1.5, y0: 1.5 }, { height: 112, width: 112 });
    const sharpness = [sharp, blurred].map(
      (image) => measureQuality(image, landmarks, turnedMesh(0)).sharpness,
    );
    expect(sharpness[1]!).toBeLessThan(0.1 * sharpness[0]!);
  });

  it('measures colour as grey', () => {
    const data = new Uint8Array(3 * sharp.data.length);
    for (let index = 0; index < data.length; index++) data[index] = sharp.data[Math.floor(index / 3)]!;
    const [grey, red] = [sharp, { ...sharp, data, channels: 3 }].map(
      (image) => measureQuality(image, landmarks, turnedMesh(0)).sharpness,
    );
    expect(red).toBeCloseTo(grey!, 6);
  });

  it('measures the eyes in pixels and the tilt in degrees', () => {
    const turned = faceTemplate.map(([x, y]) => [112 - y, x]) as unknown as Face['landmarks'];
    const { eyeDistance, roll } = measureQuality(sharp, turned, turnedMesh(0));
    expect(eyeDistance).toBeCloseTo(35.238, 3);
    // The template's right eye is 0.195 higher than the left one.
    expect(roll).toBeCloseTo(90 - 0.317, 3);
  });
});

describe('headYaw', () => {
  it.each([-60, -20, 0, 35, 90])('recovers a turn by %i°', (yaw) => {
    expect(headYaw(turnedMesh(yaw), 0)).toBeCloseTo(yaw, 8);
  });

  it('does not change when the head is tilted', () => {
    const tilted = turnedMesh(30).map(([x, y, depth]): MeshPoint => [-y, x, depth]);
    expect(headYaw(tilted, Math.PI / 2)).toBeCloseTo(30, 8);
  });
});
