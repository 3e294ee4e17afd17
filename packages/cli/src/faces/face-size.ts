import { DataError } from '@openset/core';
import type { Face } from '@openset/faces';
import { decimal } from '../evaluation/texts.ts';

/**
 * Side of a face in pixels below which its embedding says little: the same photo, scaled down until its face has 15 pixels, is
 * "different" from itself.
 */
export const smallestFace = 20;

/** Returns why a face cannot be recognised: `its face has 15 × 16 pixels, too few to recognise`. Null if it can. */
export function tooSmallReason({ box }: Pick<Face, 'box'>): string | null {
  if (Math.max(box.width, box.height) >= smallestFace) return null;
  return `its face has ${decimal(box.width, 0)} × ${decimal(box.height, 0)} pixels, too few to recognise (at least ${smallestFace})`;
}

/** Returns the error of a photo whose face is too small. */
export function tooSmallError(origin: string, reason: string): DataError {
  const text = `Use a photo on which the face has at least ${smallestFace} pixels.`;
  return new DataError(`${origin}: ${reason}`, { advice: { option: 'faceSize', text } });
}
