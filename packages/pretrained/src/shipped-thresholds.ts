import type { ShippedThreshold } from './pretrained-networks.ts';

/** The numbers of docs/studies/faceres-threshold.md; `npm run study -- faceres-threshold` measures them. */
export const faceresThreshold: ShippedThreshold = {
  cosine: 0.527,
  calibration: { slope: -34.41, offset: 18.13 },
  galleries: [
    { people: 1, threshold: 0.564 },
    { people: 10, threshold: 0.629 },
    { people: 100, threshold: 0.679 },
    { people: 1000, threshold: 0.715 },
    { people: 10_000, threshold: 0.74 },
  ],
  measured: { on: 'Labeled Faces in the Wild', page: 'docs/studies/faceres-threshold.md' },
};
