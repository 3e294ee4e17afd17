import type { FaceCrop } from '@openset/core';

/** Returns a crop in plain words, the same everywhere; null stands for images that are taken as they are. */
export function describeCrop(crop: FaceCrop | null | undefined): string {
  if (!crop) return 'images as they are';
  return crop.kind === 'points'
    ? 'faces aligned by five points'
    : `faces in a box of ${crop.scale} times their size`;
}

/** Whether two crops give the same images. */
export function isSameCrop(first: FaceCrop | null, second: FaceCrop | null): boolean {
  return describeCrop(first) === describeCrop(second);
}
