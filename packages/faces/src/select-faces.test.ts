import { ConfigError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import type { Face } from './face.ts';
import { type FaceSelection, selectFaces } from './select-faces.ts';

const faceAt = (x: number, y: number, size: number) =>
  ({ box: { x, y, width: size, height: size } }) as unknown as Face;

describe('selectFaces', () => {
  const image = { height: 100, width: 100 };
  const [large, central, small] = [faceAt(0, 0, 40), faceAt(42, 42, 20), faceAt(90, 90, 10)];
  const faces = [small, large, central];

  it('selects the largest or the most central face, or all', () => {
    expect(selectFaces(faces, image, 'largest')).toEqual([large]);
    expect(selectFaces(faces, image, 'most-central')).toEqual([central]);
    expect(selectFaces(faces, image, 'all')).toEqual(faces);
  });

  it('prefers the larger of two equally distant faces', () => {
    const [near, far] = [faceAt(10, 40, 20), faceAt(65, 35, 30)];
    expect(selectFaces([near, far], image, 'most-central')).toEqual([far]);
  });

  it('returns nothing where there is no face, and rejects unknown selections', () => {
    expect(selectFaces([], image, 'largest')).toEqual([]);
    expect(() => selectFaces(faces, image, 'best' as FaceSelection)).toThrow(ConfigError);
  });
});
