import { ConfigError } from '@openset/core';
import { faceTemplate, type PixelImage, transformPoint } from '@openset/data';
import { describe, expect, it } from 'vitest';
import { cropFace, squareToCrop } from './crop-face.ts';
import type { Face } from './face.ts';

const face: Face = {
  box: { x: 0, y: 0, width: 112, height: 112 },
  score: 1,
  landmarks: faceTemplate as Face['landmarks'],
  mesh: { center: [55.5, 55.5], side: 56, angle: 0 },
  quality: { eyeDistance: 35, sharpness: 0, yaw: 0, roll: 0 },
};

/** Alternating black and white columns. */
function columns(size: number): PixelImage {
  const data = Uint8Array.from({ length: size * size }, (_, index) => (index % 2 === 0 ? 0 : 255));
  return { data, height: size, width: size, channels: 1 };
}

describe('squareToCrop', () => {
  it('maps the centre to the middle and the corners to the corners', () => {
    const transform = squareToCrop([30, 40], 20, Math.PI / 2, 10);
    expect(transformPoint(transform, [30, 40])).toEqual([expect.closeTo(4.5, 10), expect.closeTo(4.5, 10)]);
    // The square is turned clockwise by 90°: what is right in the crop is below in the image.
    expect(transformPoint(transform, [30, 50])).toEqual([expect.closeTo(9.5, 10), expect.closeTo(4.5, 10)]);
  });
});

describe('cropFace', () => {
  it('aligns a face by its points', () => {
    const image = columns(112);
    const aligned = cropFace(image, face, { kind: 'points' }, 112);
    expect(aligned.data).toEqual(image.data);
  });

  it('cuts a square of the mesh times the scale, without resampling when the sizes agree', () => {
    const image: PixelImage = {
      data: Uint8Array.from({ length: 112 * 112 }, (_, index) => (index * 7) % 251),
      height: 112,
      width: 112,
      channels: 1,
    };
    const crop = cropFace(image, face, { kind: 'box', scale: 0.5 }, 28);
    expect([crop.height, crop.width, crop.channels]).toEqual([28, 28, 1]);
    expect([...crop.data.subarray(0, 3)]).toEqual([0, 1, 2].map((x) => image.data[42 * 112 + 42 + x]));
  });

  it('shrinks a large face without aliasing', () => {
    // Columns of one pixel turn into grey. Sampling without a filter returns black, white, or beats between them.
    const image = columns(1120);
    const large: Face = { ...face, mesh: { center: [559.5, 559.5], side: 700, angle: 0.1 } };
    const { data } = cropFace(image, large, { kind: 'box', scale: 1.2 }, 112);
    const inner = data.filter((_, index) => index % 112 > 0 && index % 112 < 111);
    expect(Math.min(...inner)).toBeGreaterThan(110);
    expect(Math.max(...inner)).toBeLessThan(145);
  });

  it('is black outside the image', () => {
    const outside: Face = { ...face, mesh: { center: [0, 0], side: 40, angle: 0 } };
    const white = { ...columns(112), data: new Uint8Array(112 * 112).fill(255) };
    const { data } = cropFace(white, outside, { kind: 'box', scale: 1 }, 40);
    expect([data[0], data[39 * 40 + 39]]).toEqual([0, 255]);
  });

  it('rejects sizes and scales out of range', () => {
    expect(() => cropFace(columns(112), face, { kind: 'points' }, 0)).toThrow(ConfigError);
    expect(() => cropFace(columns(112), face, { kind: 'box', scale: 0 }, 112)).toThrow(ConfigError);
    expect(() => cropFace(columns(112), face, { kind: 'oval' } as never, 112)).toThrow(ConfigError);
  });
});
