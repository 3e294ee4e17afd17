import { ConfigError, DataError, ShapeError } from '@openset/core';
import type { JsonObject, NewEmbedding, OperatingPoint } from '@openset/gallery';
import { expect, it } from 'vitest';
import { asNew, contentOf, type GalleryTestContext, vector } from './gallery-conformance-setup.ts';

const good = vector(0, 1, 0);

const badNames: [string, unknown][] = [
  ['empty', ''],
  ['blank', ' \u3000 '],
  ['with a space at the end', 'Ada '],
  ['with a line break', 'Ada\nEve'],
  ['with U+0000', 'Ada\0'],
  ['with a line separator', 'Ada\u2028'],
  ['with an escape character', 'Ada\u001b[31m'],
  ['with half a character', 'Ada\ud83d'],
  ['of 201 characters', '😀'.repeat(201)],
  ['a number', 7],
  ['null', null],
  ['missing', undefined],
];

const badValues: [string, unknown, new () => Error][] = [
  ['NaN', vector(1, Number.NaN, 0), DataError],
  ['an infinity', vector(1, Number.NEGATIVE_INFINITY, 0), DataError],
  ['only zeros', vector(0, 0, 0), DataError],
  ['a missing value', [1, undefined, 0], DataError],
  ['null, as JSON writes NaN', [null, 1, 0], DataError],
  ['text', ['1', '0', '0'], DataError],
  ['a string', '100', DataError],
  ['a tensor', { dataSync: () => vector(1, 0, 0), shape: [3] }, DataError],
  ['nothing', undefined, DataError],
  ['null', null, DataError],
  ['a number', 3, DataError],
  ['too few values', vector(1, 0), ShapeError],
  ['too many values', vector(1, 0, 0, 0), ShapeError],
  ['no values', vector(), ShapeError],
];

const circular: Record<string, unknown> = {};
circular.self = circular;

const badMetadata: [string, unknown][] = [
  ['null', null],
  ['a list', []],
  ['text', 'text'],
  ['a number', 1],
  ['a date', new Date(0)],
  ['NaN', { a: Number.NaN }],
  ['an infinity', { a: [Number.POSITIVE_INFINITY] }],
  ['a function', { a: () => 1 }],
  ['a nested date', { a: { b: new Date(0) } }],
  ['a large integer', { a: 1n }],
  ['a hole', { a: [undefined] }],
  ['itself', circular],
  ['U+0000 in a value', { a: 'b\0' }],
  ['U+0000 in a key', { 'a\0': 1 }],
  ['half a character', { a: ['\udc00'] }],
];

/** Registers the tests of bad input, which changes nothing. */
export function refusalTests({ open, comparison }: GalleryTestContext): void {
  /** Opens a gallery, and expects a call to reject and to change nothing. */
  const openWithContent = async () => {
    const gallery = await open();
    const { person } = await gallery.enroll('Ada', asNew(vector(1, 0, 0)), { metadata: { a: 1 } });
    await gallery.setOperatingPoint({ threshold: 0.5, question: null });
    const before = await contentOf(gallery);
    const expectRefusal = async (call: () => Promise<unknown>, error: new () => Error) => {
      await expect(call()).rejects.toThrow(error);
      expect(await contentOf(gallery)).toEqual(before);
      const found = await gallery.search(vector(0.6, 0.8, 0));
      expect(found).toEqual([{ identity: 'Ada', id: person.id, cosine: expect.closeTo(0.6, 6) }]);
    };
    return { gallery, person, expectRefusal };
  };

  it.each(badNames)('refuses a name: %s', async (_, value) => {
    const { gallery, person, expectRefusal } = await openWithContent();
    const name = value as string;
    await expectRefusal(() => gallery.enroll(name, asNew(good)), DataError);
    if (value !== undefined) {
      await expectRefusal(() => gallery.update(person.id, { name, metadata: { b: 2 } }), DataError);
    }
    await expectRefusal(() => gallery.find({ name }), DataError);
  });

  it.each(badValues)(
    'refuses an embedding and a probe with %s, and all of its batch',
    async (_, value, error) => {
      const { gallery, expectRefusal } = await openWithContent();
      const values = value as Float32Array;
      const options = { metadata: { b: 2 } };
      await expectRefusal(
        () => gallery.enroll('Ada', [{ values: good }, { values }, { values: good }], options),
        error,
      );
      await expectRefusal(() => gallery.enroll('Bob', [{ values: good }, { values }], options), error);
      await expectRefusal(() => gallery.search(values), error);
    },
  );

  it('refuses a probe of a gallery without people as well', async () => {
    const gallery = await open();
    await expect(gallery.search(vector(0, 0, 0))).rejects.toThrow(DataError);
    await expect(gallery.search(vector(1, 0))).rejects.toThrow(ShapeError);
    expect(await gallery.search(vector(1, 0, 0))).toEqual([]);
  });

  it('refuses an enrollment without embeddings', async () => {
    const { gallery, expectRefusal } = await openWithContent();
    for (const embeddings of [[], undefined, null, {}, [undefined], [good]] as unknown as NewEmbedding[][]) {
      await expectRefusal(() => gallery.enroll('Ada', embeddings), DataError);
      await expectRefusal(() => gallery.enroll('Bob', embeddings), DataError);
    }
  });

  it.each(badMetadata)('refuses metadata with %s', async (_, value) => {
    const { gallery, person, expectRefusal } = await openWithContent();
    const metadata = value as JsonObject;
    await expectRefusal(() => gallery.enroll('Ada', asNew(good), { metadata }), DataError);
    await expectRefusal(() => gallery.enroll('Bob', asNew(good), { metadata }), DataError);
    await expectRefusal(() => gallery.update(person.id, { name: 'Eve', metadata }), DataError);
  });

  it('leaves undefined properties out of metadata', async () => {
    const gallery = await open();
    const { person } = await gallery.enroll('Ada', asNew(good), {
      metadata: { a: undefined, b: -0 } as never,
    });
    expect(Object.entries(person.metadata)).toEqual([['b', 0]]);
  });

  it.each<[string, unknown]>([
    ['a number', 7],
    ['with U+0000', 'a\0.jpg'],
    ['with half a character', '\ud83d.jpg'],
  ])('refuses a source: %s', async (_, source) => {
    const { gallery, expectRefusal } = await openWithContent();
    const embeddings = [{ values: good }, { values: good, source: source as string }];
    await expectRefusal(() => gallery.enroll('Ada', embeddings), DataError);
    await expectRefusal(() => gallery.enroll('Bob', embeddings), DataError);
  });

  it('refuses numbers of people out of range', async () => {
    const { gallery, expectRefusal } = await openWithContent();
    for (const limit of [0, -1, 1001, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5' as unknown as number]) {
      await expectRefusal(() => gallery.search(good, { limit }), ConfigError);
      await expectRefusal(() => gallery.people({ limit }), ConfigError);
    }
    for (const after of ['\0', '\ud800', 7 as unknown as string]) {
      await expectRefusal(() => gallery.people({ after }), DataError);
    }
  });

  it('refuses thresholds out of range', async () => {
    const { gallery, expectRefusal } = await openWithContent();
    const bad = [
      { threshold: 1.01, question: null },
      { threshold: Number.NaN, question: null },
      { threshold: 'high', question: null },
      { threshold: 0.2, question: { kind: 'gallery', size: 0 } },
      { threshold: 0.2, question: { kind: 'unknown' } },
    ] as unknown as OperatingPoint[];
    for (const point of bad) await expectRefusal(() => gallery.setOperatingPoint(point), ConfigError);
  });

  if (comparison === 'best') {
    it('takes opposite embeddings of a person', async () => {
      const gallery = await open();
      await gallery.enroll('Ada', asNew(vector(1, 0, 0), vector(-1, 0, 0)));
      for (const sign of [1, -1])
        expect((await gallery.search(vector(sign, 0, 0)))[0]!.cosine).toBeCloseTo(1, 6);
    });
    return;
  }

  it('refuses embeddings that cancel each other out', async () => {
    const { gallery, expectRefusal } = await openWithContent();
    await expectRefusal(() => gallery.enroll('Ada', asNew(vector(-1, 0, 0))), DataError);
    await expectRefusal(() => gallery.enroll('Bob', asNew(vector(0, 1, 0), vector(0, -1, 0))), DataError);
  });

  it('refuses to remove an embedding if the others cancel each other out', async () => {
    const gallery = await open();
    const all = asNew(vector(1, 0, 0), vector(0, 1, 0), vector(-1, 0, 0));
    const { person, embeddingIds } = await gallery.enroll('Ada', all);
    const before = await contentOf(gallery);
    await expect(gallery.removeEmbedding(person.id, embeddingIds[1]!)).rejects.toThrow(DataError);
    expect(await contentOf(gallery)).toEqual(before);
    expect(await gallery.removeEmbedding(person.id, embeddingIds[0]!)).toBe(true);
    expect((await gallery.search(vector(0, 1, 0)))[0]!.cosine).toBeCloseTo(Math.SQRT1_2, 6);
  });
}
