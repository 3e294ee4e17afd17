import { ConfigError, DataError, ShapeError } from '@openset/core';
import { expect, it } from 'vitest';
import { enrollmentWarnings } from './enrollment-warnings.ts';
import { MemoryGallery } from './memory-gallery.ts';

const vector = (...values: number[]) => Float32Array.from(values);
const asNew = (...vectors: Float32Array[]) => vectors.map((values) => ({ values }));

/** Returns a gallery with Ada at (1, 0, 0) and (0.6, 0.8, 0), and Bob at (0, 0, 1). */
async function smallGallery(comparison: 'mean' | 'best' = 'best') {
  const model = { fingerprint: 'f'.repeat(64), name: 'plane' };
  const gallery = new MemoryGallery({ model, embeddingSize: 3, crop: null, comparison });
  const ada = (await gallery.enroll('Ada', asNew(vector(1, 0, 0), vector(0.6, 0.8, 0)))).person;
  const bob = (await gallery.enroll('Bob', asNew(vector(0, 0, 1)))).person;
  return { gallery, ada, bob };
}

it('warns of nothing if a new person is like nobody', async () => {
  const { gallery } = await smallGallery();
  expect(await enrollmentWarnings(gallery, 'Eve', asNew(vector(0, -1, 0)), { threshold: 0.5 })).toEqual([]);
});

it('warns of nothing if an embedding is like those of the person', async () => {
  const { gallery } = await smallGallery();
  const ofAda = asNew(vector(0.9, 0.1, 0), vector(5, 4, 0));
  expect(await enrollmentWarnings(gallery, 'Ada', ofAda, { threshold: 0.5 })).toEqual([]);
});

it('names another person at the threshold or above', async () => {
  const { gallery, ada } = await smallGallery();
  const probes = asNew(vector(0.8, 0, -0.6), vector(0, 0, -1));
  const resembling = {
    kind: 'resembles',
    index: 0,
    identity: 'Ada',
    id: ada.id,
    cosine: expect.closeTo(0.8, 6),
  };
  const warnings = await enrollmentWarnings(gallery, 'Eve', probes, { threshold: 0.5 });
  expect(warnings).toEqual([resembling]);
  // Of Ada herself, there is no such warning.
  expect(await enrollmentWarnings(gallery, 'Ada', asNew(vector(0.8, 0, -0.6)), { threshold: 0.5 })).toEqual(
    [],
  );
  const exact = await enrollmentWarnings(gallery, 'Eve', asNew(vector(0, 0, 2)), { threshold: 1 });
  expect(exact).toMatchObject([{ kind: 'resembles', identity: 'Bob', cosine: 1 }]);
  expect(await enrollmentWarnings(gallery, 'Eve', asNew(vector(0.8, 0, -0.6)), { threshold: 0.81 })).toEqual(
    [],
  );
});

it('names another person who is further away than the person', async () => {
  const { gallery, bob } = await smallGallery();
  const warnings = await enrollmentWarnings(gallery, 'Ada', asNew(vector(0.8, 0, 0.6)), { threshold: 0.5 });
  expect(warnings).toEqual([
    { kind: 'resembles', index: 0, identity: 'Bob', id: bob.id, cosine: expect.closeTo(0.6, 6) },
  ]);
});

it('warns of an embedding that is unlike those of the person', async () => {
  const { gallery, bob } = await smallGallery();
  const warnings = await enrollmentWarnings(gallery, 'Ada', asNew(vector(0.28, 0, 0.96)), { threshold: 0.5 });
  expect(warnings).toEqual([
    { kind: 'resembles', index: 0, identity: 'Bob', id: bob.id, cosine: expect.closeTo(0.96, 6) },
    { kind: 'unlike-person', index: 0, cosine: expect.closeTo(0.28, 6) },
  ]);
});

it('compares with the best embedding of the person, also in a gallery of means', async () => {
  const { gallery } = await smallGallery('mean');
  // The cosine with (1, 0, 0) is 0.6, with the mean 0.54.
  expect(await enrollmentWarnings(gallery, 'Ada', asNew(vector(0.6, 0, -0.8)), { threshold: 0.58 })).toEqual(
    [],
  );
});

it('warns of an embedding that is unlike the others of the call', async () => {
  const { gallery } = await smallGallery();
  const odd = asNew(vector(0, -1, 0), vector(0.6, -0.8, 0), vector(0, -0.6, -0.8), vector(-1, 0, 0));
  const warnings = await enrollmentWarnings(gallery, 'Eve', odd, { threshold: 0.7 });
  expect(warnings).toEqual([
    { kind: 'unlike-others', index: 2, cosine: expect.closeTo(0.6, 6) },
    { kind: 'unlike-others', index: 3, cosine: expect.closeTo(0, 6) },
  ]);
});

it('has a threshold of its own for pairs', async () => {
  const { gallery } = await smallGallery();
  const probe = asNew(vector(0.28, 0, 0.96));
  const kinds = async (thresholds: { threshold: number; pairThreshold?: number }) =>
    (await enrollmentWarnings(gallery, 'Ada', probe, thresholds)).map(({ kind }) => kind);
  expect(await kinds({ threshold: 0.97, pairThreshold: 0.2 })).toEqual([]);
  expect(await kinds({ threshold: 0.97, pairThreshold: 0.3 })).toEqual(['unlike-person']);
  expect(await kinds({ threshold: 0.1 })).toEqual(['resembles']);
});

it('reads only, and takes the Unicode forms of a name as one', async () => {
  const { gallery } = await smallGallery();
  await gallery.enroll('Jos\u00e9', asNew(vector(0, -1, 0)));
  const before = await gallery.count();
  expect(
    await enrollmentWarnings(gallery, 'Jose\u0301', asNew(vector(0, -2, 0)), { threshold: 0.9 }),
  ).toEqual([]);
  expect(await gallery.count()).toEqual(before);
});

it('compares with a person without embeddings as with a new one', async () => {
  const { gallery, bob } = await smallGallery();
  await gallery.removeEmbedding(bob.id, (await gallery.embeddings(bob.id))![0]!.id);
  expect(await enrollmentWarnings(gallery, 'Bob', asNew(vector(0, -1, 0)), { threshold: 0.5 })).toEqual([]);
});

it('rejects bad input', async () => {
  const { gallery } = await smallGallery();
  const good = asNew(vector(1, 0, 0));
  await expect(enrollmentWarnings(gallery, 'Ada', good, { threshold: 1.1 })).rejects.toThrow(ConfigError);
  await expect(enrollmentWarnings(gallery, ' ', good, { threshold: 0 })).rejects.toThrow(DataError);
  await expect(enrollmentWarnings(gallery, 'Ada', [], { threshold: 0 })).rejects.toThrow(DataError);
  await expect(enrollmentWarnings(gallery, 'Ada', asNew(vector(1)), { threshold: 0 })).rejects.toThrow(
    ShapeError,
  );
});
