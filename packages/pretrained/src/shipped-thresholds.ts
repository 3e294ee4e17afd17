/** A threshold that ships with a network, and the curve of its probabilities. */
export interface ShippedThreshold {
  /** Accept iff the cosine of two embeddings is at least this. */
  readonly cosine: number;
  /** Probability of the same person: `1 / (1 + exp(slope · cosine + offset))`. */
  readonly calibration: { readonly slope: number; readonly offset: number };
  /** 95 % confidence interval of the cosine over people. */
  readonly interval?: { readonly low: number; readonly high: number };
  /** Thresholds for searches among so many people, ascending. */
  readonly galleries?: readonly ShippedGallery[];
  /** On whom it was measured, and the page of the documentation with the measurement. */
  readonly measured?: { readonly on: string; readonly page: string };
}

/** Thresholds for a gallery of one size. */
export interface ShippedGallery {
  readonly people: number;
  /** As few errors as possible if half of the probes are enrolled. */
  readonly threshold: number;
  /** Thresholds that keep rates of false alarms, from the highest rate, and the share of enrolled people that each misses. */
  readonly rates?: readonly {
    readonly falseAlarms: number;
    readonly threshold: number;
    readonly missed: number;
  }[];
}

/** The numbers of docs/studies/faceres-threshold.md; `npm run study -- faceres-threshold` measures them. */
export const faceresThreshold: ShippedThreshold = {
  cosine: 0.525,
  interval: { low: 0.52, high: 0.53 },
  calibration: { slope: -29.81, offset: 15.64 },
  galleries: [
    { people: 1, threshold: 0.574 },
    { people: 10, threshold: 0.633 },
    { people: 100, threshold: 0.686 },
    { people: 1000, threshold: 0.735 },
    { people: 10_000, threshold: 0.776 },
  ],
  measured: { on: 'Labeled Faces in the Wild', page: 'docs/studies/faceres-threshold.md' },
};
