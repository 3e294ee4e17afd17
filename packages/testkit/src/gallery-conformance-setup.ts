import { randomNumbers } from '@openset/core';
import type {
  Comparison,
  FixedFacts,
  Gallery,
  GalleryCount,
  NewEmbedding,
  OperatingPoint,
  Person,
  PersonRecord,
  StoredEmbedding,
} from '@openset/gallery';

/** One place that keeps a gallery, such as a file, for one test. */
export interface GalleryStore {
  /**
   * Opens the gallery of this place, and creates it if there is none. Each call returns another object.
   * @throws DataError or ShapeError if the gallery there was made with other facts
   */
  open(facts: FixedFacts): Gallery | Promise<Gallery>;
  /** Removes the place, after its galleries are closed. */
  remove?(): void | Promise<void>;
}

/** Options of `galleryConformance`. */
export interface GalleryConformanceOptions {
  /** Makes an empty place. Every test has its own. */
  readonly createStore: () => GalleryStore | Promise<GalleryStore>;
  /** Whether a place keeps its gallery after `close`, and can be opened several times at once; default true. */
  readonly isPersistent?: boolean;
  /** Number of random galleries for searches, and of random sequences of calls; default 4. */
  readonly randomCases?: number;
}

/** What the tests of a store get. */
export interface GalleryTestContext {
  readonly comparison: Comparison;
  readonly randomCases: number;
  /**
   * Opens the gallery of this test, which is closed after it.
   * @param changes of `testFacts`
   * @param place one of several places of the test; default: always the same
   */
  open(changes?: Partial<FixedFacts>, place?: string): Promise<Gallery>;
}

/** Facts of the galleries in these tests. */
export const testFacts: FixedFacts = {
  model: { fingerprint: 'a1'.repeat(32), name: 'test model' },
  embeddingSize: 3,
  crop: { kind: 'points' },
  comparison: 'mean',
};

/** Returns an embedding with these values. */
export const vector = (...values: number[]): Float32Array => Float32Array.from(values);

/** Returns embeddings to enroll. */
export const asNew = (...vectors: readonly Float32Array[]): NewEmbedding[] =>
  vectors.map((values) => ({ values }));

/** Returns a record to restore, with embeddings at unit length. */
export function recordOf(
  id: string,
  name: string,
  vectors: readonly Float32Array[],
  changes: Partial<PersonRecord> = {},
): PersonRecord {
  const embeddings = vectors.map(
    (values, index): StoredEmbedding => ({
      id: `${id}-${index}`,
      source: index === 0 ? null : `file ${index}.jpg`,
      model: testFacts.model.fingerprint,
      enrolledAt: `2025-03-04T05:06:07.${String(index).padStart(3, '0')}Z`,
      values,
    }),
  );
  return { id, name, metadata: {}, enrolledAt: '2025-03-04T05:06:07.089Z', embeddings, ...changes };
}

/** Compares texts by their UTF-8 bytes; negative if the first comes first. */
export function compareBytes(first: string, second: string): number {
  const [a, b] = [new TextEncoder().encode(first), new TextEncoder().encode(second)];
  const place = a.findIndex((byte, index) => byte !== b[index]);
  return place < 0 ? a.length - b.length : a[place]! - (b[place] ?? -1);
}

/** Everything that a gallery returns about its content. */
export interface GalleryContent {
  readonly people: readonly (Person & { readonly embeddings: readonly StoredEmbedding[] })[];
  readonly count: GalleryCount;
  readonly operatingPoint: OperatingPoint | null;
}

/** Reads everything of a gallery. */
export async function contentOf(gallery: Gallery): Promise<GalleryContent> {
  const people: (Person & { embeddings: readonly StoredEmbedding[] })[] = [];
  let after: string | undefined;
  do {
    const page = await gallery.people({ after, limit: 1000 });
    for (const person of page.people) {
      people.push({ ...person, embeddings: (await gallery.embeddings(person.id)) ?? [] });
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  const count = await gallery.count();
  return { people, count, operatingPoint: gallery.facts.operatingPoint };
}

/** Returns the seed's random unit vectors. */
export function randomVectors(seed: number): (size: number) => Float32Array {
  const random = randomNumbers(seed);
  return (size) => {
    const values = Float64Array.from({ length: size }, () => random() + random() + random() - 1.5);
    const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    return Float32Array.from(values, (value) => value / norm);
  };
}
