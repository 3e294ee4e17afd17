import { ConfigError, DataError, ShapeError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { identify } from './identify.ts';
import { MemoryGallery } from './memory-gallery.ts';

const vector = (...values: number[]) => Float32Array.from(values);

async function galleryOf(people: Readonly<Record<string, Float32Array>>) {
  const model = { fingerprint: 'f'.repeat(64), name: 'plane' };
  const gallery = new MemoryGallery({ model, embeddingSize: 2, crop: null, comparison: 'mean' });
  for (const [name, values] of Object.entries(people)) await gallery.enroll(name, [{ values }]);
  return gallery;
}

describe('identify', () => {
  it('returns the nearest person, or null', async () => {
    const gallery = await galleryOf({ Ada: vector(1, 0), Bob: vector(0, 1) });
    const ada = (await gallery.find({ name: 'Ada' }))!;
    const known = await identify(gallery, vector(0.96, 0.28), { threshold: 0.8 });
    expect(known).toEqual({
      identity: 'Ada',
      id: ada.id,
      cosine: expect.closeTo(0.96, 6),
      threshold: 0.8,
      probability: null,
      candidates: [
        { identity: 'Ada', id: ada.id, cosine: expect.closeTo(0.96, 6) },
        { identity: 'Bob', id: expect.any(String), cosine: expect.closeTo(0.28, 6) },
      ],
    });
    // The nearest cosines are 0.75, below the threshold, and 0.8, at it or a bit above.
    const unknown = await identify(gallery, vector(0.75, 0.6614), { threshold: 0.8 });
    expect(unknown).toMatchObject({ identity: null, id: null, cosine: expect.closeTo(0.75, 4) });
    expect(unknown.candidates).toHaveLength(2);
    expect((await identify(gallery, vector(0, 2), { threshold: 1 })).identity).toBe('Bob');
  });

  it('asks the gallery for no more than it needs', async () => {
    const gallery = await galleryOf({ Ada: vector(1, 0), Bob: vector(0, 1) });
    const limits: (number | undefined)[] = [];
    let counts = 0;
    const watched = Object.create(gallery, {
      search: {
        value: (probe: Float32Array, options?: { limit?: number }) => {
          limits.push(options?.limit);
          return gallery.search(probe, options);
        },
      },
      count: {
        value: () => {
          counts++;
          return gallery.count();
        },
      },
    }) as MemoryGallery;
    const pairs = { slope: -10, offset: 5 };
    const galleryThresholds = [{ people: 2, threshold: 0.5, calibration: pairs }];
    const ask = (options: object) => identify(watched, vector(1, 0), { threshold: 0.5, ...options });
    await ask({});
    await ask({ calibration: pairs, people: 2 });
    await ask({ calibration: pairs, galleryThresholds, people: 2 });
    expect([limits, counts]).toEqual([[5, 64, 5], 0]);
    // Fewer people than are found, as when others enrol meanwhile, count as many.
    const late = await ask({ calibration: pairs, people: 1 });
    expect(late.probability).toBe((await ask({ calibration: pairs })).probability);
    expect(counts).toBe(1);
  });

  it('knows nobody in an empty gallery', async () => {
    const calibration = { slope: -10, offset: 5 };
    expect(await identify(await galleryOf({}), vector(1, 0), { threshold: -1, calibration })).toEqual({
      identity: null,
      id: null,
      cosine: null,
      threshold: -1,
      probability: null,
      candidates: [],
    });
  });

  it('lists as many candidates as asked for', async () => {
    const people = Object.fromEntries(Array.from({ length: 70 }, (_, k) => [`${k}`, vector(1, k / 10)]));
    const gallery = await galleryOf(people);
    const count = async (candidates?: number) =>
      (await identify(gallery, vector(1, 0), { threshold: 0, candidates })).candidates.length;
    expect(await count()).toBe(5);
    expect(await count(1)).toBe(1);
    expect(await count(70)).toBe(70);
    expect(await count(1000)).toBe(70);
  });

  it('gives the probability of the best match, from the curve of its size or else from that for pairs', async () => {
    const gallery = await galleryOf({ Ada: vector(1, 0), Bob: vector(0, 1) });
    const calibration = { slope: -10, offset: 5 };
    const search = { people: 2, threshold: 0.5, calibration: { slope: -20, offset: 12 } };
    const probability = async (options: object, threshold = 0.5) =>
      (await identify(gallery, vector(0.8, 0.6), { threshold, ...options })).probability;
    // Evidence of e³ for Ada, of e¹ for Bob, and of nobody 2.
    const ofPairs = expect.closeTo(Math.exp(3) / (2 + Math.exp(3) + Math.exp(1)), 6);
    expect(await probability({ calibration })).toEqual(ofPairs);
    // It does not depend on the threshold.
    expect(await probability({ calibration }, 0.9)).toEqual(ofPairs);
    expect(await probability({ calibration, candidates: 1 })).toEqual(ofPairs);
    const ofSearch = expect.closeTo(1 / (1 + Math.exp(12 - 16)), 6);
    expect(await probability({ calibration, galleryThresholds: [search] })).toEqual(ofSearch);
    const withoutCurve = { people: 2, threshold: 0.5 };
    expect(await probability({ calibration, galleryThresholds: [withoutCurve] })).toEqual(ofPairs);
    expect(await probability({})).toBeNull();
    // A curve that rises says nothing.
    expect(await probability({ calibration: { slope: 10, offset: 0 } })).toBeNull();
    await expect(probability({ galleryThresholds: [] })).rejects.toThrow(DataError);
  });

  it('counts people beyond the nearest in the probability', async () => {
    const people = Object.fromEntries(Array.from({ length: 100 }, (_, k) => [`${k}`, vector(-1, k / 1000)]));
    const gallery = await galleryOf({ ...people, Ada: vector(1, 0) });
    const calibration = { slope: -10, offset: 5 };
    const found = await identify(gallery, vector(1, 0), { threshold: 0.5, calibration });
    // The others have cosines near -1, and so no evidence.
    expect(found.probability).toBeCloseTo(Math.exp(5) / (101 + Math.exp(5)), 4);
  });

  it('takes a probe of any length, and the Unicode forms of a name as one person', async () => {
    const [composed, decomposed] = ['Jos\u00e9', 'Jose\u0301'];
    const gallery = await galleryOf({ [decomposed]: vector(3, 4) });
    const found = await identify(gallery, vector(30, 0), { threshold: 0.5 });
    expect(found).toMatchObject({ identity: composed, cosine: expect.closeTo(0.6, 6) });
  });

  it.each<[string, object, Float32Array, new () => Error]>([
    ['a threshold above 1', { threshold: 1.1 }, vector(1, 0), ConfigError],
    ['no threshold', {}, vector(1, 0), ConfigError],
    ['no candidates', { threshold: 0, candidates: 0 }, vector(1, 0), ConfigError],
    ['too many candidates', { threshold: 0, candidates: 1001 }, vector(1, 0), ConfigError],
    ['half a candidate', { threshold: 0, candidates: 1.5 }, vector(1, 0), ConfigError],
    ['a probe of zeros', { threshold: 0 }, vector(0, 0), DataError],
    ['a probe of another model', { threshold: 0 }, vector(1, 0, 0), ShapeError],
  ])('rejects %s', async (_, options, probe, error) => {
    const gallery = await galleryOf({ Ada: vector(1, 0) });
    await expect(identify(gallery, probe, options as { threshold: number })).rejects.toThrow(error);
  });
});
