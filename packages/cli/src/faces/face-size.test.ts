import { expect, it } from 'vitest';
import { smallestFace, tooSmallReason } from './face-size.ts';

const face = (width: number, height: number) => ({ box: { x: 3, y: 4, width, height } });

it('names the size of a face that is too small', () => {
  expect(tooSmallReason(face(15.3, 16.4))).toBe(
    'its face has 15 × 16 pixels, too few to recognise (at least 20)',
  );
});

it('judges the longer side', () => {
  expect(tooSmallReason(face(12, smallestFace))).toBeNull();
  expect(tooSmallReason(face(smallestFace, 12))).toBeNull();
  expect(tooSmallReason(face(smallestFace - 0.1, smallestFace - 0.1))).not.toBeNull();
});
