import { ConfigError, DataError, ShapeError } from '@openset/core';
import { expect, it } from 'vitest';
import { Gallery, type GalleryState } from './gallery.ts';

const vector = (...values: number[]) => Float32Array.from(values);

it('returns the nearest identity, or null', () => {
  const gallery = new Gallery(0.8);
  expect(gallery.identify(vector(1, 0))).toEqual({
    identity: null,
    cosine: null,
    threshold: 0.8,
    probability: null,
    candidates: [],
  });
  gallery.enroll('Ada', [vector(1, 0)]);
  gallery.enroll('Bob', [vector(0, 1)]);
  const known = gallery.identify(vector(0.96, 0.28));
  expect(known.identity).toBe('Ada');
  expect(known.candidates.map(({ identity }) => identity)).toEqual(['Ada', 'Bob']);
  expect(known.candidates[1]!.cosine).toBeCloseTo(0.28, 6);
  // The nearest cosines are 0.75, below the threshold, and 0.8, at it.
  expect(gallery.identify(vector(0.75, 0.6614)).identity).toBeNull();
  expect(gallery.identify(vector(0.6, 0.8), { candidates: 1 }).candidates).toHaveLength(1);
});

it('represents an identity by the mean of its embeddings', () => {
  const gallery = new Gallery(0);
  gallery.enroll('Ada', [vector(1, 0)]);
  gallery.enroll('Ada', [vector(0, 1)]);
  // The template is (1, 1) / √2.
  expect(gallery.identify(vector(1, 0)).cosine).toBeCloseTo(Math.SQRT1_2, 6);
  expect(gallery.identities).toEqual(['Ada']);
  expect(gallery.remove('Ada')).toBe(true);
  expect(gallery.remove('Ada')).toBe(false);
});

it('can be saved as JSON', () => {
  const gallery = new Gallery(0.3);
  gallery.enroll('Ada', [vector(1, 0), vector(0.6, 0.8)]);
  gallery.enroll('Bob', [vector(0, 1)]);
  const copy = new Gallery(0.3);
  copy.setState(JSON.parse(JSON.stringify(gallery.getState())));
  expect(copy.identify(vector(0.6, 0.8))).toEqual(gallery.identify(vector(0.6, 0.8)));
  copy.enroll('Bob', [vector(0, 1)]);
  expect(copy.getState().identities[1]!.count).toBe(2);
});

it('takes probes and embeddings of any length', () => {
  const gallery = new Gallery(0.5);
  gallery.enroll('Ada', [vector(3, 4)]);
  gallery.enroll('Bob', [[0, 2] as unknown as Float32Array]);
  // 3 · 30 + 4 · 0, over 5 · 30.
  expect(gallery.identify(vector(30, 0)).cosine).toBeCloseTo(0.6, 6);
  expect(gallery.identify(vector(0, 1e-30)).cosine).toBe(1);
});

it.each<[string, unknown]>([
  ['NaN', vector(1, Number.NaN)],
  ['an infinity', vector(Number.NEGATIVE_INFINITY, 0)],
  ['only zeros', vector(0, 0)],
  ['a missing value', [1, undefined]],
  ['null, as JSON writes NaN', [null, 1]],
  ['text', ['1', '0']],
  ['a string', '10'],
  ['a tensor', { dataSync: () => vector(1, 0), shape: [2] }],
  ['nothing', undefined],
  ['null', null],
  ['a number', 3],
])('rejects a probe, an embedding and a state with %s', (_, value) => {
  const gallery = new Gallery(-1);
  const probe = value as Float32Array;
  // Also a gallery without identities, which has nothing to compare with.
  expect(() => gallery.identify(probe)).toThrow(DataError);
  expect(() => gallery.enroll('Ada', [probe])).toThrow(DataError);
  expect(gallery.identities).toEqual([]);
  gallery.enroll('Ada', [vector(1, 0)]);
  const before = gallery.getState();
  expect(() => gallery.identify(probe)).toThrow(DataError);
  expect(() => gallery.enroll('Ada', [vector(0, 1), probe])).toThrow(DataError);
  const identities = [{ identity: 'Bob', count: 1, sum: value as number[] }];
  expect(() => gallery.setState({ embeddingSize: 2, identities })).toThrow(DataError);
  expect(gallery.getState()).toEqual(before);
});

it('rejects invalid input and stays unchanged', () => {
  const gallery = new Gallery(0.3);
  gallery.enroll('Ada', [vector(1, 0)]);
  const before = gallery.getState();
  expect(() => new Gallery(2)).toThrow(ConfigError);
  expect(() => gallery.enroll('Bob', [])).toThrow(DataError);
  expect(() => gallery.enroll('Bob', [vector(1, 0, 0)])).toThrow(ShapeError);
  expect(() => gallery.enroll('Bob', [vector(1, 0), vector(-1, 0)])).toThrow(DataError);
  expect(() => gallery.identify(vector(1, 0, 0))).toThrow(ShapeError);
  const damaged = { embeddingSize: 2, identities: [{ identity: 'Bob', count: 1, sum: [1] }] };
  expect(() => gallery.setState(damaged)).toThrow(DataError);
  const twice = { identity: 'Bob', count: 1, sum: [1, 0] };
  expect(() => gallery.setState({ embeddingSize: 2, identities: [twice, twice] })).toThrow(DataError);
  const missing = [null] as unknown as GalleryState['identities'];
  expect(() => gallery.setState({ embeddingSize: 2, identities: missing })).toThrow(DataError);
  expect(() => gallery.setState({} as never)).toThrow(DataError);
  expect(() => gallery.setState(null as never)).toThrow(DataError);
  expect(gallery.getState()).toEqual(before);
});

it('takes the Unicode forms of a name as one identity', () => {
  const [composed, decomposed] = ['Jos\u00e9', 'Jose\u0301'];
  const gallery = new Gallery(0);
  gallery.enroll(decomposed, [vector(1, 0)]);
  gallery.enroll(composed, [vector(0, 1)]);
  expect(gallery.identities).toEqual([composed]);
  expect(gallery.getState().identities).toMatchObject([{ identity: composed, count: 2 }]);
  const { embeddingSize, identities } = gallery.getState();
  const copy = new Gallery(0);
  copy.setState({ embeddingSize, identities: identities.map((one) => ({ ...one, identity: decomposed })) });
  expect(copy.identities).toEqual([composed]);
  expect(copy.remove(decomposed)).toBe(true);
  expect(copy.identities).toEqual([]);
});

it('carries the question of its threshold', () => {
  const question = { kind: 'gallery', size: 982 } as const;
  expect(new Gallery(0.5, { question }).question).toEqual(question);
  expect(new Gallery(0.5).question).toBeNull();
  expect(() => new Gallery(0.5, { question: { kind: 'gallery', size: 0 } })).toThrow(ConfigError);
});

it('gives the probability of the best match, from the curve of its size or else from that for pairs', () => {
  const pairs = { slope: -10, offset: 5 };
  const search = { people: 2, threshold: 0.5, calibration: { slope: -20, offset: 12 } };
  const enroll = (gallery: Gallery) => {
    gallery.enroll('Ada', [vector(1, 0)]);
    gallery.enroll('Bob', [vector(0, 1)]);
    return gallery.identify(vector(0.8, 0.6));
  };
  const sum = 2 + Math.exp(3) + Math.exp(1);
  expect(enroll(new Gallery(0.9, { calibration: pairs }))).toMatchObject({
    identity: null,
    probability: expect.closeTo(Math.exp(3) / sum, 6),
  });
  const searched = enroll(new Gallery(0.5, { calibration: pairs, galleryThresholds: [search] }));
  expect(searched.probability).toBeCloseTo(1 / (1 + Math.exp(12 - 16)), 6);
  const without = { people: 2, threshold: 0.5 };
  expect(
    enroll(new Gallery(0.5, { calibration: pairs, galleryThresholds: [without] })).probability,
  ).toBeCloseTo(Math.exp(3) / sum, 6);
  expect(enroll(new Gallery(0.5)).probability).toBeNull();
  expect(enroll(new Gallery(0.5, { calibration: { slope: 10, offset: 0 } })).probability).toBeNull();
  const empty = new Gallery(0.5, { calibration: pairs, galleryThresholds: [search] });
  expect(empty.identify(vector(1, 0)).probability).toBeNull();
  expect(() => new Gallery(0.5, { galleryThresholds: [] })).toThrow(DataError);
});

it('does not mix images that were cropped in different ways', () => {
  const points = { kind: 'points' } as const;
  const gallery = new Gallery(0.5, { crop: points });
  gallery.enroll('Ada', [vector(1, 0)]);
  const state = JSON.parse(JSON.stringify(gallery.getState()));
  expect(state.crop).toEqual(points);
  const whole = new Gallery(0.5, { crop: null });
  expect(() => whole.setState(state)).toThrow(
    'The gallery was enrolled with faces aligned by five points, but this program takes images as they are.',
  );
  expect(whole.identities).toEqual([]);
  const box = new Gallery(0.5, { crop: { kind: 'box', scale: 1.2 } });
  expect(() => box.setState(state)).toThrow(DataError);
  expect(() => box.setState({ ...state, crop: { kind: 'box', scale: 1.4 } })).toThrow('1.4');
  for (const crop of [points, undefined]) {
    const same = new Gallery(0.5, { crop });
    same.setState(state);
    expect(same.identities).toEqual(['Ada']);
  }
  // Older states do not say how their images were cropped.
  whole.setState({ ...state, crop: undefined });
  expect(whole.getState().crop).toBeNull();
  expect(new Gallery(0.5).getState()).not.toHaveProperty('crop');
});
