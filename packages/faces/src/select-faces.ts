import { checkChoice } from '@openset/core';
import type { Face } from './face.ts';

/** Which of several faces on an image are meant. */
export type FaceSelection = 'largest' | 'most-central' | 'all';

/**
 * Selects faces of an image.
 *
 * @param faces faces on the image
 * @param image height and width of the image
 * @param select `'largest'`: the largest area of the box; `'most-central'`: the box's centre nearest to the image's, in units of
 *   the box's size, so that of two equally far faces the larger is taken; `'all'`: every face, in the given order
 * @returns one face, or none if there is none; with `'all'`, any number
 * @throws ConfigError for an unknown selection
 */
export function selectFaces(
  faces: readonly Face[],
  image: { readonly height: number; readonly width: number },
  select: FaceSelection,
): Face[] {
  checkChoice('selectFaces: select', select, ['largest', 'most-central', 'all']);
  if (select === 'all') return [...faces];
  const costOf = ({ box }: Face) => {
    if (select === 'largest') return -box.width * box.height;
    const right = box.x + (box.width - image.width) / 2;
    const down = box.y + (box.height - image.height) / 2;
    return Math.hypot(right, down) / Math.sqrt(box.width * box.height);
  };
  let best: Face | undefined;
  for (const face of faces) if (best === undefined || costOf(face) < costOf(best)) best = face;
  return best ? [best] : [];
}
