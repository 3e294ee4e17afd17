import { type LearnedThreshold, pairThreshold } from '@openset/core';
import { galleryScores, galleryThreshold } from '@openset/metrics';
import { estimateThreshold } from '@openset/verify';
import { rowsByPerson, selectRows } from './face-set.ts';
import { drawGallery, matchRow } from './gallery-search.ts';
import { type FaceEmbeddings, pairPeople } from './people-pairs.ts';
import { shuffled } from './split-people.ts';

/** A way to choose the threshold of a gallery without seeing the people who are judged. */
export type GalleryRule =
  | 'best in hindsight'
  | 'learned'
  | 'prior shift to 1 : G'
  | 'for pairs'
  | 'for pairs, odds 1 : G'
  | 'best wrong match'
  | 'false alarms 1 %';

/** What a threshold does to searches in galleries. */
export interface JudgedGallery {
  readonly threshold: number;
  /** Right answers if half of the probes are enrolled: (identified + strangers rejected) / 2. */
  readonly accuracy: number;
  /** Share of the probes of enrolled people that are identified: rank 1 and accepted. */
  readonly identified: number;
  /** Share of the probes of strangers that are accepted as somebody. */
  readonly falseAlarms: number;
}

/** Measurements in galleries of one size. */
export interface GalleryResult {
  /** Number of people enrolled. */
  readonly size: number;
  /** Share of the probes of enrolled people whose best match is right. */
  readonly rank1: number;
  readonly rules: Readonly<Partial<Record<GalleryRule, JudgedGallery>>>;
}

/** Sizes of galleries, and how many galleries of the size are drawn. */
const sizes = [
  { size: 10, draws: 20 },
  { size: 100, draws: 4 },
  { size: 1000, draws: 1 },
];

/** Fewest people with two images or more who are left as strangers. */
const fewestStrangers = 100;
/** Largest number of images in a template, and of probes of a person. */
const [templateImages, probesPerPerson] = [5, 3];

/**
 * Enrols people outside training, with at most five images each and all but one, and searches for images of them and of
 * others. Each rule estimates its threshold on the people held out.
 */
export function measureGalleries(
  embeddings: FaceEmbeddings,
  options: {
    readonly learned: LearnedThreshold | null;
    readonly trained: readonly number[];
    readonly held: readonly number[];
    readonly seed: number;
  },
): GalleryResult[] {
  const { learned, trained, held, seed } = options;
  const rowsOf = rowsByPerson(embeddings.labels);
  const known = new Set([...trained, ...held]);
  const strangers = [...rowsOf].filter(([person]) => !known.has(person)).map(([, rows]) => rows);
  const eligible = strangers.filter((rows) => rows.length > 1).length;
  const heldPairs = pairPeople(embeddings, held);
  const heldRows = held.flatMap((person) => rowsOf.get(person)!);
  const scores = galleryScores(
    selectRows(embeddings, heldRows).values,
    heldRows.map((row) => embeddings.labels[row]!),
    embeddings.size,
  );
  const forPairs = (odds: number) =>
    estimateThreshold(heldPairs, { kind: 'pair', odds }, { samples: 0 })?.threshold ?? null;
  return sizes
    .filter(({ size }) => eligible >= size + fewestStrangers)
    .map(({ size, draws }) => {
      const searches = searchGalleries(embeddings, strangers, { size, draws, seed });
      const thresholds: Record<Exclude<GalleryRule, 'best in hindsight'>, number | null> = {
        learned: learned?.cosine ?? null,
        'prior shift to 1 : G': pairThreshold(learned, { odds: 1 / size }),
        'for pairs': forPairs(1),
        'for pairs, odds 1 : G': forPairs(1 / size),
        'best wrong match': galleryThreshold(scores, size),
        'false alarms 1 %': galleryThreshold(scores, size, { falseAlarmRate: 0.01 }),
      };
      const judged = Object.entries({ 'best in hindsight': bestThreshold(searches), ...thresholds }).flatMap(
        ([rule, threshold]) => (threshold === null ? [] : [[rule, judge(searches, threshold)] as const]),
      );
      return { size, rank1: judge(searches, -1).identified, rules: Object.fromEntries(judged) };
    });
}

/** The best matches of all probes. */
interface Searches {
  /** Cosine of each probe of an enrolled person with the right template if that is the best; otherwise −2. */
  readonly enrolled: Float64Array;
  /** Highest cosine of each probe of a stranger. */
  readonly others: Float64Array;
}

function searchGalleries(
  embeddings: FaceEmbeddings,
  strangers: readonly (readonly number[])[],
  { size, draws, seed }: { readonly size: number; readonly draws: number; readonly seed: number },
): Searches {
  const [enrolled, others]: [number[], number[]] = [[], []];
  for (let draw = 0; draw < draws; draw++) {
    const drawn = drawGallery(strangers, size, 1000 * seed + draw);
    const images = drawn.gallery.map((rows, person) =>
      shuffled(rows.length, 1000 * seed + draw + person).map((place) => rows[place]!),
    );
    const counts = images.map((rows) => Math.min(templateImages, rows.length - 1));
    const templates = images.map((rows, person) => meanOf(embeddings, rows.slice(0, counts[person])));
    for (const [person, rows] of images.entries()) {
      for (const row of rows.slice(counts[person]!).slice(0, probesPerPerson)) {
        const { cosine, place } = bestMatch(embeddings, row, templates);
        enrolled.push(place === person ? cosine : -2);
      }
    }
    for (const rows of drawn.strangers) {
      for (const row of rows.slice(0, probesPerPerson)) {
        others.push(bestMatch(embeddings, row, templates).cosine);
      }
    }
  }
  return { enrolled: Float64Array.from(enrolled), others: Float64Array.from(others) };
}

/** Returns the unit mean of unit embeddings. */
function meanOf({ values, size }: FaceEmbeddings, rows: readonly number[]): Float32Array {
  const sum = new Float32Array(size);
  for (const row of rows) {
    const own = values.subarray(row * size, (row + 1) * size);
    const length = lengthOf(own);
    for (let k = 0; k < size; k++) sum[k]! += own[k]! / length;
  }
  const length = lengthOf(sum);
  return sum.map((value) => value / length);
}

function bestMatch(embeddings: FaceEmbeddings, row: number, templates: readonly Float32Array[]) {
  const { values, size } = embeddings;
  const { products, best } = matchRow(embeddings, row, templates);
  return { cosine: products[best]! / lengthOf(values.subarray(row * size, (row + 1) * size)), place: best };
}

function lengthOf(row: Float32Array): number {
  let squares = 0;
  for (const value of row) squares += value * value;
  return Math.sqrt(squares);
}

function judge({ enrolled, others }: Searches, threshold: number): JudgedGallery {
  const identified = enrolled.filter((cosine) => cosine >= threshold).length / enrolled.length;
  const falseAlarms = others.filter((cosine) => cosine >= threshold).length / others.length;
  return { threshold, accuracy: (identified + 1 - falseAlarms) / 2, identified, falseAlarms };
}

/** Returns the threshold with the highest accuracy, each kind of probes with half of the weight. */
function bestThreshold({ enrolled, others }: Searches): number {
  const sorted = Float64Array.from([...enrolled, ...others].filter((cosine) => cosine >= -1)).sort();
  let best = { threshold: 1, accuracy: 0 };
  const [found, strangers] = [enrolled.slice().sort(), others.slice().sort()];
  let [a, b] = [0, 0];
  for (const threshold of sorted) {
    while (a < found.length && found[a]! < threshold) a += 1;
    while (b < strangers.length && strangers[b]! < threshold) b += 1;
    const accuracy = (1 - a / found.length + b / strangers.length) / 2;
    if (accuracy > best.accuracy) best = { threshold, accuracy };
  }
  return best.threshold;
}
