import { randomNumbers } from '@openset/core';
import type { Gallery } from '@openset/gallery';
import { expect, it } from 'vitest';
import {
  asNew,
  compareBytes,
  contentOf,
  type GalleryTestContext,
  randomVectors,
  recordOf,
  vector,
} from './gallery-conformance-setup.ts';
import { expectExactSearch } from './gallery-reference.ts';

const names = ['Zoe', 'Ada', '\uff5e', '😀', 'Bob', 'é', 'bob', 'Mia', '山田', 'Ada 2'];

/** Registers the tests of searches. */
export function searchTests({ open, comparison, randomCases }: GalleryTestContext): void {
  it('compares a probe with the mean or the best embedding of a person', async () => {
    const gallery = await open();
    const { person } = await gallery.enroll('Ada', asNew(vector(1, 0, 0)));
    await gallery.enroll('Ada', asNew(vector(0, 5, 0)));
    // The template is (1, 1, 0) / √2.
    expect(await gallery.search(vector(1, 0, 0))).toEqual([
      { identity: 'Ada', id: person.id, cosine: expect.closeTo(comparison === 'mean' ? Math.SQRT1_2 : 1, 6) },
    ]);
    expect((await gallery.search(vector(-1, -1, 0)))[0]!.cosine).toBeCloseTo(
      comparison === 'mean' ? -1 : -Math.SQRT1_2,
      6,
    );
  });

  it('gives embeddings of any length the same weight in a mean', async () => {
    const gallery = await open();
    await gallery.enroll('Ada', asNew(vector(1e30, 0, 0), vector(0, 1e-30, 0)));
    expect((await gallery.search(vector(1, 1, 0)))[0]!.cosine).toBeCloseTo(
      comparison === 'mean' ? 1 : Math.SQRT1_2,
      6,
    );
  });

  it('takes probes of any length', async () => {
    const gallery = await open();
    await gallery.enroll('Ada', asNew(vector(3, 4, 0)));
    for (const scale of [1e-38, 1e-30, 1e-3, 1, 30, 1e30, 1e38]) {
      expect((await gallery.search(vector(scale, 0, 0)))[0]!.cosine).toBeCloseTo(0.6, 6);
    }
    const plain = [30, 0, 0] as unknown as Float32Array;
    expect((await gallery.search(plain))[0]!.cosine).toBeCloseTo(0.6, 6);
  });

  it('lists 5 people by default, and as many as there are', async () => {
    const gallery = await open();
    for (let person = 0; person < 7; person++) await gallery.enroll(`${person}`, asNew(vector(1, person, 0)));
    const found = async (limit?: number) =>
      (await gallery.search(vector(1, 0, 0), { limit })).map((one) => one.identity);
    expect(await found()).toEqual(['0', '1', '2', '3', '4']);
    expect(await found(1)).toEqual(['0']);
    expect(await found(6)).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(await found(1000)).toHaveLength(7);
    expect(await gallery.search(vector(1, 0, 0), {})).toHaveLength(5);
  });

  it('lists people with equal cosines by name, for every limit', async () => {
    const gallery = await open();
    for (const name of names) await gallery.enroll(name, asNew(vector(0.6, 0.8, 0)));
    await gallery.enroll('first', asNew(vector(1, 0, 0)));
    await gallery.enroll('last', asNew(vector(0, 0, 1)));
    const sorted = [...names].sort(compareBytes);
    const expected = ['first', ...sorted, 'last'];
    for (let limit = 1; limit <= expected.length; limit++) {
      const found = await gallery.search(vector(2, 0, 0), { limit });
      expect(found.map(({ identity }) => identity)).toEqual(expected.slice(0, limit));
      expect(new Set(found.slice(1, names.length + 1).map(({ cosine }) => cosine)).size).toBe(
        limit > 1 ? 1 : 0,
      );
    }
  });

  it('distinguishes cosines that differ by little', async () => {
    const gallery = await open({ embeddingSize: 64 });
    const random = randomVectors(11);
    const base = random(64);
    for (let person = 0; person < 40; person++) {
      const noise = random(64);
      const near = base.map((value, k) => value + 10 ** -(1 + person / 10) * noise[k]!);
      await gallery.enroll(`person ${person}`, asNew(near));
    }
    for (const limit of [1, 2, 5, 20, 40]) await expectExactSearch(gallery, base, limit);
    for (let probe = 0; probe < 5; probe++) await expectExactSearch(gallery, random(64), 3);
  });

  it.each([1, 2, 3, 16, 65, 512])('agrees with a walk over all embeddings of %i numbers', async (size) => {
    for (let round = 0; round < Math.ceil(randomCases / 4); round++) {
      const gallery = await open({ embeddingSize: size }, `${round}`);
      const seed = 100 * size + round;
      const random = randomNumbers(seed);
      const next = randomVectors(seed);
      const all: Float32Array[] = [];
      for (let person = 0; person < 24; person++) {
        const vectors = Array.from({ length: 1 + Math.floor(3 * random()) }, () => {
          const copied =
            all.length > 0 && random() < 0.3 ? all[Math.floor(random() * all.length)]! : next(size);
          all.push(copied);
          return copied;
        });
        // Opposite directions on a line have no mean.
        const usable = size === 1 ? vectors.slice(0, 1) : vectors;
        await gallery.restore(recordOf(`${person}`, `${(person * 7) % 24}`, usable));
      }
      for (const limit of [1, 3, 24, 1000]) {
        await expectExactSearch(gallery, next(size), limit);
        await expectExactSearch(
          gallery,
          all[Math.floor(random() * all.length)]!.map((value) => 7 * value),
          limit,
        );
      }
    }
  });

  it.each(Array.from({ length: randomCases }, (_, index) => index + 1))(
    'agrees with a plain list after a random sequence of calls: %i',
    async (seed) => {
      const gallery = await open({ embeddingSize: 8 });
      const random = randomNumbers(seed);
      const next = randomVectors(seed);
      const list = new Map<string, { id: string; embeddings: string[] }>();
      const pick = <T>(values: readonly T[]): T | undefined => values[Math.floor(random() * values.length)];
      for (let call = 0; call < 60; call++) {
        await callOnBoth(gallery, list, { random, pick, next: () => next(8) });
        if (call % 6 === 5) await expectExactSearch(gallery, next(8), 1 + Math.floor(8 * random()));
      }
      const { people } = await contentOf(gallery);
      expect(people.map(({ id, name, embeddings }) => [name, id, embeddings.map((one) => one.id)])).toEqual(
        [...list].map(([name, one]) => [name, one.id, one.embeddings]).sort(([a], [b]) => (a! < b! ? -1 : 1)),
      );
    },
  );
}

/** Random choices. */
interface Choices {
  readonly random: () => number;
  readonly pick: <T>(values: readonly T[]) => T | undefined;
  readonly next: () => Float32Array;
}

/** Makes a random change to a gallery, and the same to a plain list of people by name. */
async function callOnBoth(
  gallery: Gallery,
  list: Map<string, { id: string; embeddings: string[] }>,
  { random, pick, next }: Choices,
): Promise<void> {
  const choice = random();
  const name = pick([...list.keys()]);
  const known = name === undefined ? undefined : list.get(name)!;
  if (name === undefined || !known || choice < 0.4) {
    const enrolled = `person ${Math.floor(12 * random())}`;
    const { person, embeddingIds, isNew } = await gallery.enroll(enrolled, asNew(next(), next()));
    expect(isNew).toBe(!list.has(enrolled));
    const before = list.get(enrolled)?.embeddings ?? [];
    list.set(enrolled, { id: person.id, embeddings: [...before, ...embeddingIds] });
  } else if (choice < 0.55) {
    expect(await gallery.remove(known.id)).toBe(true);
    list.delete(name);
  } else if (choice < 0.75) {
    const embedding = pick(known.embeddings);
    if (embedding === undefined) return;
    expect(await gallery.removeEmbedding(known.id, embedding)).toBe(true);
    known.embeddings = known.embeddings.filter((id) => id !== embedding);
  } else if (choice < 0.9) {
    const renamed = `person ${Math.floor(12 * random())}`;
    if (list.has(renamed)) return;
    expect((await gallery.update(known.id, { name: renamed }))!.name).toBe(renamed);
    list.delete(name);
    list.set(renamed, known);
  } else {
    const record = (await gallery.find({ id: known.id }))!;
    const embeddings = (await gallery.embeddings(known.id))!;
    await gallery.remove(known.id);
    expect(await gallery.restore({ ...record, embeddings })).toEqual(record);
  }
}
