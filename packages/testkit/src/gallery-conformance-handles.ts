import { ConfigError, DataError, ShapeError } from '@openset/core';
import type { FixedFacts, Gallery } from '@openset/gallery';
import { expect, it } from 'vitest';
import {
  asNew,
  contentOf,
  type GalleryTestContext,
  randomVectors,
  recordOf,
  vector,
} from './gallery-conformance-setup.ts';
import { expectExactSearch } from './gallery-reference.ts';

/** Calls of every method, with good input. */
const calls: [string, (gallery: Gallery, id: string) => Promise<unknown>][] = [
  ['enroll', (gallery) => gallery.enroll('Eve', asNew(vector(1, 0, 0)))],
  ['restore', (gallery) => gallery.restore(recordOf('1', 'Eve', [vector(1, 0, 0)]))],
  ['find by id', (gallery, id) => gallery.find({ id })],
  ['find by name', (gallery) => gallery.find({ name: 'Ada' })],
  ['people', (gallery) => gallery.people()],
  ['update', (gallery, id) => gallery.update(id, { name: 'Eve' })],
  ['embeddings', (gallery, id) => gallery.embeddings(id)],
  ['removeEmbedding', (gallery, id) => gallery.removeEmbedding(id, 'x')],
  ['remove', (gallery, id) => gallery.remove(id)],
  ['search', (gallery) => gallery.search(vector(1, 0, 0))],
  ['count', (gallery) => gallery.count()],
  ['setOperatingPoint', (gallery) => gallery.setOperatingPoint(null)],
  ['compact', (gallery) => gallery.compact()],
];

/** Registers the tests of calls that overlap, and of closing. */
export function overlapTests({ open }: GalleryTestContext): void {
  it.each(calls)('rejects %s after it was closed', async (_, call) => {
    const gallery = await open();
    const { person } = await gallery.enroll('Ada', asNew(vector(1, 0, 0)));
    await gallery.close();
    await gallery.close();
    await expect(call(gallery, person.id)).rejects.toThrow(ConfigError);
    expect(gallery.facts.embeddingSize).toBe(3);
  });

  it('ends calls that have begun before it closes', async () => {
    const gallery = await open();
    const begun = Array.from({ length: 10 }, (_, person) =>
      gallery.enroll(`${person}`, asNew(vector(1, 0, 0))),
    );
    const search = gallery.search(vector(1, 0, 0));
    const closed = gallery.close();
    expect((await Promise.all(begun)).every(({ isNew }) => isNew)).toBe(true);
    expect(Array.isArray(await search)).toBe(true);
    await closed;
  });

  it('creates one person when the first enrollments of a name overlap', async () => {
    const gallery = await open();
    const next = randomVectors(3);
    const enrollments = await Promise.all(
      Array.from({ length: 12 }, () => gallery.enroll('Ada', asNew(next(3), next(3)))),
    );
    expect(enrollments.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(enrollments.map(({ person }) => person.id)).size).toBe(1);
    expect(await gallery.count()).toEqual({ people: 1, embeddings: 24 });
    const stored = (await gallery.embeddings(enrollments[0]!.person.id))!.map(({ id }) => id);
    expect([...stored].sort()).toEqual(enrollments.flatMap(({ embeddingIds }) => embeddingIds).sort());
    // Those of one call stay together.
    for (const { embeddingIds } of enrollments) {
      const place = stored.indexOf(embeddingIds[0]!);
      expect(stored.slice(place, place + 2)).toEqual(embeddingIds);
    }
    await expectExactSearch(gallery, next(3), 1);
  });

  it('lets one of several conflicting calls win', async () => {
    const gallery = await open();
    const people = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => gallery.enroll(name, asNew(vector(1, 0, 0)))),
    );
    const renamed = await Promise.allSettled(
      people.map(({ person }) => gallery.update(person.id, { name: 'Ada' })),
    );
    expect(renamed.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const record = recordOf('1', 'Eve', [vector(0, 1, 0)]);
    const restored = await Promise.allSettled([1, 2, 3].map(() => gallery.restore(record)));
    expect(restored.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const removed = await Promise.all([1, 2, 3].map(() => gallery.remove('1')));
    expect(removed.filter((wasThere) => wasThere)).toHaveLength(1);
    expect(await gallery.count()).toEqual({ people: 4, embeddings: 4 });
  });

  it('stays consistent when enrollments, removals, changes and searches overlap', async () => {
    const gallery = await open({ embeddingSize: 16 });
    const next = randomVectors(5);
    const enroll = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        gallery.enroll(`person ${index}`, asNew(next(16), next(16))),
      );
    const first = await Promise.all(enroll(30));
    const results = await Promise.all([
      ...enroll(20),
      ...first.slice(20).map(({ person }) => gallery.remove(person.id)),
      ...first
        .slice(0, 10)
        .map(({ person, embeddingIds }) => gallery.removeEmbedding(person.id, embeddingIds[0]!)),
      ...first.slice(10, 20).map(({ person }) => gallery.update(person.id, { metadata: { changed: true } })),
      ...Array.from({ length: 10 }, () => gallery.search(next(16))),
    ]);
    expect(results.slice(20, 40)).toEqual(Array(20).fill(true));
    expect(results.slice(50).every((found) => (found as unknown[]).length === 5)).toBe(true);
    expect(await gallery.count()).toEqual({ people: 20, embeddings: 20 * 4 - 10 });
    const { people } = await contentOf(gallery);
    expect(people.map(({ embeddings }) => embeddings.length).sort()).toEqual([
      ...Array(10).fill(3),
      ...Array(10).fill(4),
    ]);
    expect(people.every((one) => one.embeddingCount === one.embeddings.length)).toBe(true);
    await expectExactSearch(gallery, next(16), 20);
  });
}

/** Registers the tests of a place that is opened several times. */
export function persistenceTests({ open, comparison }: GalleryTestContext): void {
  it('keeps everything when it is closed and opened again', async () => {
    const first = await open();
    const createdAt = first.facts.createdAt;
    const { person } = await first.enroll(
      'Ada',
      [{ values: vector(1, 2, 3), source: 'a.jpg' }, { values: vector(3, 1, 0) }],
      {
        metadata: { team: 'A' },
      },
    );
    const { embeddingIds } = await first.enroll('Bob', asNew(vector(0, 1, 0)));
    await first.restore(recordOf('7', '😀', [vector(0.6, 0, 0.8), vector(0, 1, 0)]));
    await first.update('7', { name: "O'Neil" });
    await first.removeEmbedding('7', '7-1');
    await first.enroll('Eve', asNew(vector(0, 0, 1)));
    await first.remove((await first.find({ name: 'Eve' }))!.id);
    await first.setOperatingPoint({ threshold: 0.4375, question: { kind: 'far', rate: 0.001 } });
    const before = await contentOf(first);
    const found = await first.search(vector(1, 1, 1));
    await first.close();
    const second = await open();
    expect(second.facts).toEqual({ ...first.facts, createdAt });
    expect(await contentOf(second)).toEqual(before);
    expect(before.people.map(({ name }) => name)).toEqual(['Ada', 'Bob', "O'Neil"]);
    expect(await second.search(vector(1, 1, 1))).toEqual(found);
    expect(await second.enroll('Ada', asNew(vector(1, 0, 0)))).toMatchObject({
      isNew: false,
      person: { id: person.id },
    });
    await expect(second.restore(recordOf('8', 'Bob', []))).rejects.toThrow();
    const bob = (await second.find({ name: 'Bob' }))!;
    expect(await second.removeEmbedding(bob.id, embeddingIds[0]!)).toBe(true);
  });

  it('shows changes to others who have it open', async () => {
    const [first, second] = [await open(), await open()];
    const { person } = await first.enroll('Ada', asNew(vector(1, 0, 0)));
    expect((await second.search(vector(1, 0, 0)))[0]).toEqual({
      identity: 'Ada',
      id: person.id,
      cosine: expect.closeTo(1, 6),
    });
    const bob = (await second.enroll('Bob', asNew(vector(0, 1, 0), vector(0, 0, 1)))).person;
    expect(await first.find({ id: bob.id })).toEqual(bob);
    expect((await first.search(vector(0, 1, 1), { limit: 1 }))[0]!.identity).toBe('Bob');
    await second.update(person.id, { name: 'Lady Lovelace' });
    expect((await first.search(vector(1, 0, 0)))[0]!.identity).toBe('Lady Lovelace');
    await first.setOperatingPoint({ threshold: 0.25, question: null });
    await second.count();
    expect(second.facts.operatingPoint).toEqual({ threshold: 0.25, question: null });
    await second.setOperatingPoint(null);
    await first.search(vector(1, 0, 0));
    expect(first.facts.operatingPoint).toBeNull();
    await first.removeEmbedding(bob.id, (await first.embeddings(bob.id))![0]!.id);
    expect((await second.search(vector(0, 0, 1)))[0]!.cosine).toBeCloseTo(1, 6);
    expect((await second.find({ id: bob.id }))!.embeddingCount).toBe(1);
    await first.remove(person.id);
    await first.compact();
    expect((await second.search(vector(1, 0, 0))).map(({ identity }) => identity)).toEqual(['Bob']);
    expect(await contentOf(second)).toEqual(await contentOf(first));
    await first.close();
    expect(await second.count()).toEqual({ people: 1, embeddings: 1 });
  });

  it('stays consistent when two objects change it at once', async () => {
    const both = [await open(), await open()];
    const next = randomVectors(9);
    const enrollments = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        both[index % 2]!.enroll(`person ${index % 10}`, asNew(next(3), next(3))),
      ),
    );
    expect(enrollments.filter(({ isNew }) => isNew)).toHaveLength(10);
    const ids = [...new Set(enrollments.map(({ person }) => person.id))];
    expect(ids).toHaveLength(10);
    const removed = await Promise.all(
      ids.slice(5).flatMap((id) => both.map((gallery) => gallery.remove(id))),
    );
    expect(removed.filter((wasThere) => wasThere)).toHaveLength(5);
    for (const gallery of both) {
      expect(await gallery.count()).toEqual({ people: 5, embeddings: 40 });
      await expectExactSearch(gallery, next(3), 5);
    }
    expect(await contentOf(both[0]!)).toEqual(await contentOf(both[1]!));
  });

  it.each<[string, Partial<FixedFacts>, new () => Error, RegExp]>([
    [
      'model',
      { model: { fingerprint: 'b2'.repeat(32), name: 'other model' } },
      DataError,
      /test model.*other model/,
    ],
    ['embedding size', { embeddingSize: 4 }, ShapeError, /3 numbers.*4/],
    ['crop', { crop: null }, DataError, /five points.*as they are/],
    ['scale of a crop', { crop: { kind: 'box', scale: 1.4 } }, DataError, /1\.4/],
    [
      'comparison',
      { comparison: comparison === 'mean' ? 'best' : 'mean' },
      DataError,
      new RegExp(`with the ${comparison} embedding`),
    ],
  ])('is not opened with another %s, and stays as it is', async (_, changes, error, message) => {
    const first = await open();
    await first.enroll('Ada', asNew(vector(1, 0, 0)));
    const before = await contentOf(first);
    for (const isClosed of [false, true]) {
      if (isClosed) await first.close();
      const refused = open(changes);
      await expect(refused).rejects.toThrow(error);
      await expect(refused).rejects.toThrow(message);
    }
    const again = await open();
    expect(await contentOf(again)).toEqual(before);
  });

  it('is opened under another name of its model', async () => {
    const first = await open();
    await first.enroll('Ada', asNew(vector(1, 0, 0)));
    await first.close();
    const model = { fingerprint: 'a1'.repeat(32), name: 'copy of the model' };
    expect(await (await open({ model })).count()).toEqual({ people: 1, embeddings: 1 });
  });
}
