import { DataError, ShapeError } from '@openset/core';
import { ConflictError, type PersonRecord } from '@openset/gallery';
import { expect, it } from 'vitest';
import { asNew, contentOf, type GalleryTestContext, recordOf, vector } from './gallery-conformance-setup.ts';

const ada = recordOf('person/7', 'Ada', [vector(0.6, 0.8, 0), vector(1, 1e-38, -1e-45)], {
  metadata: { team: ['A', null] },
});

/** Returns the record with one embedding changed. */
const withEmbedding = (changes: object): unknown => ({
  ...ada,
  embeddings: [ada.embeddings[0], { ...ada.embeddings[1], ...changes }],
});

const damagedRecords: [string, unknown, new () => Error][] = [
  ['no object', null, DataError],
  ['text', 'Ada', DataError],
  ['no name', { ...ada, name: undefined }, DataError],
  ['a bad name', { ...ada, name: 'Ada\0' }, DataError],
  ['no identifier', { ...ada, id: undefined }, DataError],
  ['an empty identifier', { ...ada, id: '' }, DataError],
  ['an identifier with a space', { ...ada, id: 'a b' }, DataError],
  ['an identifier that is too long', { ...ada, id: 'a'.repeat(101) }, DataError],
  ['no metadata', { ...ada, metadata: undefined }, DataError],
  ['bad metadata', { ...ada, metadata: [] }, DataError],
  ['a bad time', { ...ada, enrolledAt: 'yesterday' }, DataError],
  ['a time without its zone', { ...ada, enrolledAt: '2025-03-04T05:06:07' }, DataError],
  ['a day that does not exist', { ...ada, enrolledAt: '2025-13-44T05:06:07Z' }, DataError],
  ['no list of embeddings', { ...ada, embeddings: {} }, DataError],
  ['an embedding that is null', { ...ada, embeddings: [ada.embeddings[0], null] }, DataError],
  ['an embedding without an identifier', withEmbedding({ id: undefined }), DataError],
  ['an identifier of two embeddings', withEmbedding({ id: ada.embeddings[0]!.id }), DataError],
  ['an embedding with a bad time', withEmbedding({ enrolledAt: 5 }), DataError],
  ['a source that is no text', withEmbedding({ source: 5 }), DataError],
  ['an embedding of another model', withEmbedding({ model: 'b2'.repeat(32) }), DataError],
  ['an embedding without a model', withEmbedding({ model: undefined }), DataError],
  ['an embedding with NaN', withEmbedding({ values: vector(0, Number.NaN, 1) }), DataError],
  ['an embedding of another size', withEmbedding({ values: vector(0, 1) }), ShapeError],
];

/** Registers the tests of restoring people. */
export function recordTests({ open, comparison }: GalleryTestContext): void {
  it('restores a person with identifiers, times, metadata and values, bit for bit', async () => {
    const gallery = await open();
    const person = await gallery.restore(ada);
    const { embeddings, ...rest } = ada;
    expect(person).toEqual({ ...rest, embeddingCount: 2 });
    expect(await gallery.find({ id: 'person/7' })).toEqual(person);
    expect(await gallery.find({ name: 'Ada' })).toEqual(person);
    const stored = await gallery.embeddings('person/7');
    expect(stored).toEqual(embeddings);
    expect(stored!.map(({ values }) => [...values])).toEqual([
      [Math.fround(0.6), Math.fround(0.8), 0],
      [1, Math.fround(1e-38), Math.fround(-1e-45)],
    ]);
    expect(await gallery.count()).toEqual({ people: 1, embeddings: 2 });
    expect((await gallery.search(vector(1, 0, 0)))[0]).toMatchObject({ identity: 'Ada', id: 'person/7' });
    const added = await gallery.enroll('Ada', asNew(vector(0, 0, 1)));
    expect(added).toMatchObject({ isNew: false, person: { id: 'person/7', enrolledAt: ada.enrolledAt } });
  });

  it('restores what another gallery returned', async () => {
    const first = await open();
    const { person } = await first.enroll('Ada', [
      { values: vector(1, 2, 3), source: 'a.jpg' },
      { values: vector(-0.1, 0.2, 0.7) },
    ]);
    await first.enroll('Bob', asNew(vector(0, 1, 0)));
    const { embeddingCount, ...rest } = person;
    const record = { ...rest, embeddings: (await first.embeddings(person.id))! };
    const before = await contentOf(first);
    await first.remove(person.id);
    expect(await first.restore(record)).toEqual(person);
    expect(await contentOf(first)).toEqual(before);
  });

  it('restores a person without embeddings', async () => {
    const gallery = await open();
    expect(await gallery.restore({ ...ada, embeddings: [] })).toMatchObject({ embeddingCount: 0 });
    expect(await gallery.embeddings(ada.id)).toEqual([]);
    expect(await gallery.search(vector(1, 0, 0))).toEqual([]);
  });

  it('brings names, times and embeddings of records to the form in which they are kept', async () => {
    const gallery = await open();
    const person = await gallery.restore({
      ...recordOf('1', 'Jose\u0301', [vector(0, 3, 4)]),
      enrolledAt: '2025-03-04T05:06:07+02:00',
    });
    expect(person).toMatchObject({ name: 'Jos\u00e9', enrolledAt: '2025-03-04T03:06:07.000Z' });
    expect((await gallery.embeddings('1'))![0]!.values).toEqual(vector(0, 0.6, 0.8));
  });

  it.each(damagedRecords)('refuses a damaged record: %s', async (_, record, error) => {
    const gallery = await open();
    await gallery.enroll('Bob', asNew(vector(0, 1, 0)));
    const before = await contentOf(gallery);
    await expect(gallery.restore(record as PersonRecord)).rejects.toThrow(error);
    expect(await contentOf(gallery)).toEqual(before);
  });

  it('refuses taken identifiers and names, and changes nothing', async () => {
    const gallery = await open();
    await gallery.restore(ada);
    const before = await contentOf(gallery);
    const bob = recordOf('person/8', 'Bob', [vector(0, 1, 0), vector(0, 0, 1)]);
    const conflicts: PersonRecord[] = [
      ada,
      { ...bob, id: ada.id },
      { ...bob, name: 'Ada' },
      { ...bob, embeddings: [bob.embeddings[0]!, { ...bob.embeddings[1]!, id: ada.embeddings[0]!.id }] },
    ];
    for (const record of conflicts) {
      await expect(gallery.restore(record)).rejects.toThrow(ConflictError);
      expect(await contentOf(gallery)).toEqual(before);
    }
    await gallery.restore(bob);
    expect(await gallery.count()).toEqual({ people: 2, embeddings: 4 });
    // What was removed is free again.
    await gallery.removeEmbedding(ada.id, ada.embeddings[0]!.id);
    await gallery.remove(bob.id);
    await gallery.restore({ ...bob, embeddings: [{ ...bob.embeddings[0]!, id: ada.embeddings[0]!.id }] });
    expect(await gallery.count()).toEqual({ people: 2, embeddings: 2 });
    await gallery.remove(ada.id);
    await gallery.restore({ ...ada, embeddings: ada.embeddings.slice(1) });
    expect(await gallery.count()).toEqual({ people: 2, embeddings: 2 });
  });

  it('restores embeddings that cancel each other out only if it compares with the best', async () => {
    const gallery = await open();
    const opposite = recordOf('1', 'Ada', [vector(0, 1, 0), vector(0, -1, 0)]);
    if (comparison === 'best') {
      expect(await gallery.restore(opposite)).toMatchObject({ embeddingCount: 2 });
    } else {
      await expect(gallery.restore(opposite)).rejects.toThrow(DataError);
      expect(await gallery.count()).toEqual({ people: 0, embeddings: 0 });
      expect(await gallery.restore({ ...opposite, embeddings: opposite.embeddings.slice(1) })).toMatchObject({
        embeddingCount: 1,
      });
    }
  });
}
