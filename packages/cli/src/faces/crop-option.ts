import type { FaceCrop } from '@openset/core';
import type { FaceSelection } from '@openset/faces';

/** Values of `--select`. */
export const faceSelections: readonly FaceSelection[] = ['largest', 'most-central', 'all'];

/** Reads `points`, `box` or `box:SCALE`; returns null for other texts. A box without a scale is 1.2 times the face mesh. */
export function parseCrop(text: string): FaceCrop | null {
  if (text === 'points') return { kind: 'points' };
  const [, scaleText] = /^box(?::(.+))?$/.exec(text) ?? [];
  if (!text.startsWith('box') || (text !== 'box' && scaleText === undefined)) return null;
  const scale = scaleText === undefined ? 1.2 : Number(scaleText);
  return Number.isFinite(scale) && scale > 0 && scale <= 10 ? { kind: 'box', scale } : null;
}
