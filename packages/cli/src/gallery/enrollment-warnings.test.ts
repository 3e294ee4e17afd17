import { MemoryGallery } from '@openset/gallery';
import { beforeEach, expect, it } from 'vitest';
import { enrollmentWarnings } from './enrollment-warnings.ts';

const direction = (degrees: number) =>
  Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));
/** Thresholds of 30 and of 60 degrees. */
const thresholds = { searchThreshold: Math.cos(Math.PI / 6), pairThreshold: 0.5 };
let gallery: MemoryGallery;
beforeEach(async () => {
  const model = { fingerprint: 'a'.repeat(64), name: 'plane' };
  gallery = new MemoryGallery({ model, embeddingSize: 2, crop: null, comparison: 'mean' });
  await gallery.enroll('Ada', [{ values: direction(0) }]);
});
const warningsOf = (name: string, added: number[], stored: number[] = []) =>
  enrollmentWarnings(gallery, name, {
    ...{ stored: stored.map(direction), added: added.map(direction) },
    ...thresholds,
  });

it('are none for a new person who is like nobody, and one photo', async () => {
  expect(await warningsOf('Bob', [90])).toEqual([]);
});

it('name the other person from the threshold of a search on', async () => {
  expect(await warningsOf('Bob', [31])).toEqual([]);
  expect(await warningsOf('Bob', [29])).toEqual([
    {
      ...{ index: 0, kind: 'somebody-else', identity: 'Ada', threshold: thresholds.searchThreshold },
      cosine: expect.closeTo(Math.cos((29 * Math.PI) / 180), 6),
    },
  ]);
});

it('do not take the person for somebody else, in any Unicode form of the name', async () => {
  expect(await warningsOf('Ada', [0], [0])).toEqual([]);
  await gallery.enroll('Jos\u00e9', [{ values: direction(90) }]);
  expect(await warningsOf('Jose\u0301', [90], [90])).toEqual([]);
});

it('find the photo that is unlike the others, of the command and of the gallery', async () => {
  const unlike = { index: 1, kind: 'unlike-others', identity: null, threshold: 0.5 };
  const cosine = expect.closeTo(Math.cos((80 * Math.PI) / 180), 6);
  expect(await warningsOf('Bob', [100, 180, 100])).toEqual([{ ...unlike, cosine }]);
  expect(await warningsOf('Bob', [180], [100])).toEqual([{ ...unlike, index: 0, cosine }]);
});

it('change nothing', async () => {
  await warningsOf('Ada', [0, 90]);
  expect(await gallery.count()).toEqual({ people: 1, embeddings: 1 });
});
