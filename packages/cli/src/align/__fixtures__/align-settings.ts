import type { AlignSettings } from '../align-journal.ts';

/** The usual settings of `openset align`. */
export const settings: AlignSettings = {
  crop: { kind: 'points' },
  size: 112,
  select: 'largest',
  minSize: 12,
  minScore: 0.5,
  minSharpness: 0,
  orientation: 'exif',
};
