import { pairSimilarities } from '@openset/metrics';
import { rowsByPerson } from './face-set.ts';

/** Embeddings of all images of the study. */
export interface FaceEmbeddings {
  /** `[images, size]`, row-major. */
  readonly values: Float32Array;
  readonly size: number;
  /** `[images]`: person of each image. */
  readonly labels: Int32Array;
}

/** Largest number of images of a person, as in `openset train`. */
const imagesPerPerson = 4;

/** Returns all pairs of the images of some people, of each at most four evenly spaced ones, as `openset train` pairs them. */
export function pairPeople({ values, size, labels }: FaceEmbeddings, people: readonly number[]) {
  const rowsOf = rowsByPerson(labels);
  const rows = people.flatMap((person) => {
    const own = rowsOf.get(person)!;
    const count = Math.min(imagesPerPerson, own.length);
    return Array.from({ length: count }, (_, index) => own[Math.floor((index * own.length) / count)]!);
  });
  const pairs: number[] = [];
  for (const [place, first] of rows.entries()) {
    for (const second of rows.slice(place + 1)) pairs.push(first, second);
  }
  return scorePairs({ values, size, labels }, pairs);
}

/** Returns the cosines of pairs of images. */
export function scorePairs({ values, size, labels }: FaceEmbeddings, pairs: ArrayLike<number>) {
  const people = Int32Array.from(pairs, (row) => labels[row]!);
  return {
    cosines: pairSimilarities(values, size, pairs),
    isSame: Uint8Array.from({ length: pairs.length / 2 }, (_, pair) =>
      people[2 * pair] === people[2 * pair + 1] ? 1 : 0,
    ),
    people,
  };
}
