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
  /** Number of people in the gallery. */
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
  cosine: 0.524,
  interval: { low: 0.519, high: 0.529 },
  calibration: { slope: -29.09, offset: 15.26 },
  galleries: [
    {
      people: 1,
      threshold: 0.573,
      rates: [
        { falseAlarms: 0.1, threshold: 0.527, missed: 0.028 },
        { falseAlarms: 0.03, threshold: 0.58, missed: 0.062 },
        { falseAlarms: 0.01, threshold: 0.62, missed: 0.106 },
        { falseAlarms: 0.003, threshold: 0.658, missed: 0.181 },
        { falseAlarms: 0.001, threshold: 0.689, missed: 0.261 },
      ],
    },
    {
      people: 10,
      threshold: 0.633,
      rates: [
        { falseAlarms: 0.1, threshold: 0.616, missed: 0.104 },
        { falseAlarms: 0.03, threshold: 0.657, missed: 0.179 },
        { falseAlarms: 0.01, threshold: 0.688, missed: 0.259 },
        { falseAlarms: 0.003, threshold: 0.72, missed: 0.366 },
        { falseAlarms: 0.001, threshold: 0.747, missed: 0.456 },
      ],
    },
    {
      people: 100,
      threshold: 0.686,
      rates: [
        { falseAlarms: 0.1, threshold: 0.684, missed: 0.252 },
        { falseAlarms: 0.03, threshold: 0.719, missed: 0.36 },
        { falseAlarms: 0.01, threshold: 0.746, missed: 0.455 },
        { falseAlarms: 0.003, threshold: 0.774, missed: 0.584 },
        { falseAlarms: 0.001, threshold: 0.798, missed: 0.696 },
      ],
    },
    {
      people: 1000,
      threshold: 0.735,
      rates: [
        { falseAlarms: 0.1, threshold: 0.74, missed: 0.444 },
        { falseAlarms: 0.03, threshold: 0.772, missed: 0.578 },
        { falseAlarms: 0.01, threshold: 0.797, missed: 0.691 },
        { falseAlarms: 0.003, threshold: 0.823, missed: 0.805 },
      ],
    },
    {
      people: 10_000,
      threshold: 0.777,
      rates: [
        { falseAlarms: 0.1, threshold: 0.789, missed: 0.661 },
        { falseAlarms: 0.03, threshold: 0.82, missed: 0.801 },
      ],
    },
  ],
  measured: { on: 'Labeled Faces in the Wild', page: 'docs/studies/faceres-threshold.md' },
};
