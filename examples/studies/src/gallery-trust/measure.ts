import {
  estimateGalleries,
  type GalleryEstimate,
  galleryScores,
  logisticProbability,
  unitRows,
} from '@openset/metrics';
import {
  bestMatchProbability,
  type Calibration,
  calibrateProbabilities,
  estimateThreshold,
  thresholdForGallery,
} from '@openset/verify';
import { rowsByPerson, selectRows } from '../strangers/face-set.ts';
import { drawGallery, innerProducts, matchRow } from '../strangers/gallery-search.ts';
import { type FaceEmbeddings, pairPeople } from '../strangers/people-pairs.ts';
import { shuffled } from '../strangers/split-people.ts';

/** Promised rate of false accepts and of false alarms. */
export const promise = 0.01;
/** Largest number of images in a template. */
const templateImages = 5;
/** Number of strangers whose searches are judged, in each gallery. */
const mostStrangers = 300;
/** Number of people whose pairs are judged. */
const mostInPairs = 600;
/** Number of bootstrap resamples. */
const samples = 60;

/** A threshold in galleries of other people. */
export interface JudgedThreshold {
  /** Points of accuracy lost against the best threshold in hindsight. */
  readonly lost: number;
  /** Share of the strangers that are accepted. */
  readonly falseAlarms: number;
}

/** What an estimate on some people says about galleries of others. */
export interface GalleryTrust {
  readonly size: number;
  readonly estimated: JudgedThreshold;
  /** Share of false alarms that the estimate states, and its upper end. */
  readonly stated: { readonly falseAlarms: number; readonly bound: number };
  /** The line through the two sizes before this one, and the threshold of the size before; null if there are no two. */
  readonly line: JudgedThreshold | null;
  readonly nearest: JudgedThreshold | null;
  /** Mean difference between probabilities and the share of right best matches, in ten groups of probabilities. */
  readonly searchCurve: number;
  readonly pairCurve: number;
  /** The threshold for at most 1 % of false alarms: the true share, and the upper end that the estimate states. */
  readonly promised: { readonly falseAlarms: number; readonly bound: number };
}

/** What estimates on some people are worth for others. */
export interface TrustRun {
  /** Number of people that the thresholds are estimated on. */
  readonly people: number;
  readonly seed: number;
  readonly galleries: readonly GalleryTrust[];
  /** The threshold for at most 1 % of false accepts: the true rate on pairs of others, and the stated upper end. */
  readonly pairs: { readonly rate: number; readonly bound: number };
}

/** Draws people to estimate on, and judges the estimates on all others. */
export function measureTrust(
  embeddings: FaceEmbeddings,
  people: number,
  seed: number,
  sizes: readonly { readonly size: number; readonly draws: number }[],
): TrustRun {
  const rowsOf = rowsByPerson(embeddings.labels);
  const all = [...rowsOf.keys()];
  const several = all.filter((person) => rowsOf.get(person)!.length > 1);
  const held = shuffled(several.length, seed)
    .slice(0, people)
    .map((index) => several[index]!);
  const others = all.filter((person) => !held.includes(person)).map((person) => rowsOf.get(person)!);
  const rows = held.flatMap((person) => rowsOf.get(person)!);
  const labels = rows.map((row) => embeddings.labels[row]!);
  const scores = galleryScores(selectRows(embeddings, rows).values, labels, embeddings.size);
  const sizesToEstimate = [1, ...sizes.map(({ size }) => size)];
  const estimates = estimateGalleries(scores, sizesToEstimate, { samples });
  const promises = estimateGalleries(scores, sizesToEstimate, { samples, falseAlarmRate: promise });
  const pairs = pairPeople(embeddings, held);
  const rate = estimateThreshold(pairs, { kind: 'far', rate: promise }, { samples })!;
  const curve = calibrateProbabilities(pairs)!;
  const unit = { ...embeddings, values: unitRows(embeddings.values, embeddings.size, 'measureTrust') };
  const eligible = others.filter((own) => own.length > 1).length;
  const galleries = sizes.flatMap(({ size, draws }) => {
    const estimate = estimates.find((found) => found.people === size);
    const kept = promises.find((found) => found.people === size);
    if (!estimate || !kept || eligible < size + 60) return [];
    const searches = searchGalleries(unit, others, { size, draws, seed });
    const smaller = estimates.filter((found) => found.people < size && found.people > 1);
    return [trustIn(searches, { estimate, kept, smaller, curve })];
  });
  return {
    people,
    seed,
    galleries,
    pairs: {
      rate: rateOf(unit, others.slice(0, mostInPairs), rate.threshold),
      bound: rate.rateBound!,
    },
  };
}

/** A search: the cosines of a probe with all people of a gallery. */
interface Search {
  readonly cosines: Float64Array;
  readonly best: number;
  /** Whether the best match is the right person; false for strangers. */
  readonly isRight: boolean;
  readonly isStranger: boolean;
}

function trustIn(
  searches: readonly Search[],
  {
    estimate,
    kept,
    smaller,
    curve,
  }: {
    readonly estimate: GalleryEstimate;
    readonly kept: GalleryEstimate;
    readonly smaller: readonly GalleryEstimate[];
    readonly curve: Calibration;
  },
): GalleryTrust {
  const strangers = searches.filter(({ isStranger }) => isStranger);
  const enrolled = searches.filter(({ isStranger }) => !isStranger);
  const share = (of: readonly Search[], accept: (search: Search) => boolean) =>
    of.filter(accept).length / of.length;
  const accuracy = (threshold: number) =>
    (share(enrolled, ({ isRight, best }) => isRight && best >= threshold) +
      share(strangers, ({ best }) => best < threshold)) /
    2;
  const best = searches.reduce((most, search) => Math.max(most, accuracy(search.best)), 0);
  const judge = (threshold: number): JudgedThreshold => ({
    lost: best - accuracy(threshold),
    falseAlarms: share(strangers, (search) => search.best >= threshold),
  });
  const isExtrapolated = smaller.length > 1;
  return {
    size: estimate.people,
    estimated: judge(estimate.threshold),
    stated: { falseAlarms: estimate.falseAlarms, bound: estimate.falseAlarmsBound! },
    line: isExtrapolated ? judge(thresholdForGallery(smaller, estimate.people)) : null,
    nearest: isExtrapolated ? judge(smaller.at(-1)!.threshold) : null,
    searchCurve: calibrationError(enrolled, strangers, (search) =>
      logisticProbability(estimate.curve!, search.best),
    ),
    pairCurve: calibrationError(enrolled, strangers, ({ cosines }) => bestMatchProbability(curve, cosines)),
    promised: { falseAlarms: judge(kept.threshold).falseAlarms, bound: kept.falseAlarmsBound! },
  };
}

/** Returns the mean difference between probability and share of right answers in ten groups; half of the weight for strangers. */
function calibrationError(
  enrolled: readonly Search[],
  strangers: readonly Search[],
  probabilityOf: (search: Search) => number,
): number {
  const differences = new Float64Array(10);
  for (const searches of [enrolled, strangers]) {
    for (const search of searches) {
      const probability = probabilityOf(search);
      const group = Math.min(9, Math.floor(10 * probability));
      differences[group]! += (probability - Number(search.isRight)) / (2 * searches.length);
    }
  }
  return differences.reduce((sum, difference) => sum + Math.abs(difference), 0);
}

/** Enrols people with all images but one, at most five, and searches for the other image and for images of strangers. */
function searchGalleries(
  unit: FaceEmbeddings,
  people: readonly (readonly number[])[],
  { size, draws, seed }: { readonly size: number; readonly draws: number; readonly seed: number },
): Search[] {
  const searches: Search[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const { gallery, strangers } = drawGallery(people, size, 1000 * (seed + 1) + draw);
    const templates = gallery.map(([, ...others]) => meanOf(unit, others.slice(0, templateImages)));
    const search = ([probe]: readonly number[], own: number): Search => {
      const { products: cosines, best } = matchRow(unit, probe!, templates);
      return { cosines, best: cosines[best]!, isRight: best === own, isStranger: own === -1 };
    };
    searches.push(...gallery.map(search));
    searches.push(...strangers.slice(0, mostStrangers).map((rows) => search(rows, -1)));
  }
  return searches;
}

/** Returns the share of pairs of different people that a threshold accepts, on one image of each person. */
function rateOf(unit: FaceEmbeddings, people: readonly (readonly number[])[], threshold: number): number {
  const rows = people.map(([first]) => first!);
  const all = rows.map((row) => unit.values.subarray(row * unit.size, (row + 1) * unit.size));
  let accepted = 0;
  for (const [place, row] of rows.entries()) {
    const cosines = innerProducts(unit, row, all.slice(place + 1));
    accepted += cosines.filter((cosine) => cosine >= threshold).length;
  }
  return accepted / ((rows.length * (rows.length - 1)) / 2);
}

function meanOf({ values, size }: FaceEmbeddings, rows: readonly number[]): Float32Array {
  const sum = new Float32Array(size);
  for (const row of rows) for (let k = 0; k < size; k++) sum[k]! += values[row * size + k]!;
  return unitRows(sum, size, 'meanOf');
}
