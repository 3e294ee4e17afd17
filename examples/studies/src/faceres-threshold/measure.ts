import {
  accuracyAt,
  type BinnedPairs,
  bestAccuracy,
  bootstrapPairs,
  cosineSimilarities,
  exactKFoldVerification,
  type GalleryRates,
  galleryRates,
  galleryScores,
  galleryThreshold,
  type LogisticCurve,
  pairSimilarities,
  plattCalibration,
  samplePairs,
} from '@openset/metrics';
import type { EmbeddedPhotos } from './embed-photos.ts';

/** Sizes of galleries whose thresholds are estimated. */
export const gallerySizes = [1, 10, 100, 1000, 10_000] as const;

/** Embeddings with the person on each. */
export interface LabelledRows extends Pick<EmbeddedPhotos, 'values' | 'size'> {
  /** `[rows]` */
  readonly labels: Int32Array;
}

/** Thresholds that were estimated on people. */
export interface EstimatedThresholds {
  /** Threshold for pairs of which half are the same person. */
  readonly pair: number;
  /** 95 % confidence interval of `pair` over people. */
  readonly interval: { readonly low: number; readonly high: number };
  readonly calibration: LogisticCurve;
  /** Number of pairs of each kind. */
  readonly pairsOfKind: number;
  /** Threshold for each size of a gallery, and those that keep rates of false alarms. */
  readonly galleries: readonly (GalleryRates & { readonly threshold: number })[];
}

/** Largest number of pairs of a kind. */
const maximumPairs = 20_000;

/** Estimates the thresholds for pairs, half of which are the same person, and for galleries. */
export function estimateThresholds({ values, size, labels }: LabelledRows): EstimatedThresholds {
  const count = 2 * Math.min(maximumPairs, countSamePairs(labels));
  const { pairs, isSame } = samplePairs(labels, { count });
  const cosines = pairSimilarities(values, size, pairs);
  const people = Int32Array.from(pairs, (row) => labels[row]!);
  const scores = galleryScores(values, labels, size);
  const { slope, offset } = plattCalibration(cosines, isSame, { balanced: true });
  const { low, high } = bootstrapPairs({ similarities: cosines, isSame, people }, crossing);
  return {
    pair: -offset / slope,
    interval: { low, high },
    calibration: { slope, offset },
    pairsOfKind: count / 2,
    galleries: galleryRates(scores, gallerySizes).map(({ people, rates }) => ({
      people,
      threshold: galleryThreshold(scores, people)!,
      rates,
    })),
  };
}

/** Returns where the balanced logistic curve of binned pairs crosses one half. */
function crossing({ values, same, different }: BinnedPairs): number {
  const bins = values.length;
  const similarities = Float64Array.from({ length: 2 * bins }, (_, index) => values[index % bins]!);
  const isSame = Uint8Array.from(similarities, (_, index) => Number(index < bins));
  const weights = Float64Array.from([...same, ...different]);
  const { slope, offset } = plattCalibration(similarities, isSame, { balanced: true, weights });
  return -offset / slope;
}

function countSamePairs(labels: Int32Array): number {
  const counts = new Map<number, number>();
  let pairs = 0;
  for (const label of labels) {
    const earlier = counts.get(label) ?? 0;
    pairs += earlier;
    counts.set(label, earlier + 1);
  }
  return pairs;
}

/** Pairs of rows. */
export interface RowPairs {
  /** `[pairs, 2]` row-major */
  readonly pairs: Uint32Array;
  readonly isSame: Uint8Array;
  readonly folds: Int32Array;
}

/** How a threshold does on pairs of other people. */
export interface PairTest {
  readonly pairs: number;
  /** Accuracy on one fold at the best threshold of the other; mean over the folds. */
  readonly twoFold: number;
  readonly accuracy: number;
  readonly falseAccepts: number;
  readonly falseRejects: number;
  readonly bestAccuracy: number;
  readonly bestThreshold: number;
}

/** Measures a threshold on pairs. */
export function testPairs(
  { values, size }: Pick<EmbeddedPhotos, 'values' | 'size'>,
  { pairs, isSame, folds }: RowPairs,
  threshold: number,
): PairTest {
  const cosines = pairSimilarities(values, size, pairs);
  const { accuracy, tar, far } = accuracyAt(cosines, isSame, threshold);
  const best = bestAccuracy(cosines, isSame);
  return {
    pairs: isSame.length,
    twoFold: exactKFoldVerification(cosines, isSame, { folds }).accuracy,
    accuracy,
    falseAccepts: far!,
    falseRejects: 1 - tar!,
    bestAccuracy: best.accuracy,
    bestThreshold: best.threshold,
  };
}

/** How a threshold does on searches in galleries of other people. */
export interface GalleryTest {
  readonly people: number;
  readonly threshold: number;
  /** Share of the probes of enrolled people that are named right. */
  readonly named: number;
  /** Share of the probes of strangers that are taken for somebody. */
  readonly falseAlarms: number;
}

/**
 * Measures a threshold on random galleries: people are enrolled with all photos but one, which is the probe; as many probes show
 * people who are not enrolled.
 * @param random returns the next number of a fixed sequence, from 0 up to 1
 */
export function testGallery(
  { values, size, labels }: LabelledRows,
  { people, threshold }: { readonly people: number; readonly threshold: number },
  random: () => number,
  draws = 40,
): GalleryTest {
  const rowsOf = new Map<number, number[]>();
  labels.forEach((label, row) => {
    rowsOf.set(label, [...(rowsOf.get(label) ?? []), row]);
  });
  const known = [...rowsOf.values()].filter((rows) => rows.length > 1);
  const all = [...rowsOf.values()];
  let [named, alarms, strangers] = [0, 0, 0];
  for (let draw = 0; draw < draws; draw++) {
    const enrolled = shuffle(known, random).slice(0, people);
    const templates = enrolled.map((rows) => meanOf(values, size, rows.slice(1)));
    const best = (row: number) => {
      const probe = values.subarray(row * size, (row + 1) * size);
      const cosines = templates.map((template) => cosineSimilarities(probe, template, size)[0]!);
      const cosine = Math.max(...cosines);
      return cosine >= threshold ? cosines.indexOf(cosine) : -1;
    };
    named += enrolled.filter((rows, person) => best(rows[0]!) === person).length;
    const others = shuffle(
      all.filter((rows) => !enrolled.includes(rows)),
      random,
    ).slice(0, people);
    strangers += others.length;
    alarms += others.filter((rows) => best(rows[0]!) >= 0).length;
  }
  return { people, threshold, named: named / (draws * people), falseAlarms: alarms / strangers };
}

function meanOf(values: Float32Array, size: number, rows: readonly number[]): Float32Array {
  const sum = new Float32Array(size);
  for (const row of rows) for (let k = 0; k < size; k++) sum[k]! += values[row * size + k]!;
  return sum;
}

function shuffle<Value>(values: readonly Value[], random: () => number): Value[] {
  const drawn = [...values];
  for (let place = drawn.length - 1; place > 0; place--) {
    const other = Math.floor(random() * (place + 1));
    [drawn[place], drawn[other]] = [drawn[other]!, drawn[place]!];
  }
  return drawn;
}
