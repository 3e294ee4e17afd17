import { ConfigError, DataError, ShapeError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { checkFixedFacts, checkPersonName, requireSameFacts } from './check-input.ts';
import { checkMetadata } from './check-metadata.ts';
import { isIdentifier } from './check-record.ts';
import type { FixedFacts } from './gallery.ts';

const facts: FixedFacts = {
  model: { fingerprint: 'ab'.repeat(32), name: 'faceres' },
  embeddingSize: 4,
  crop: { kind: 'points' },
  comparison: 'mean',
};

describe('checkPersonName', () => {
  it('returns the form NFC', () => {
    expect(checkPersonName('Jose\u0301')).toBe('Jos\u00e9');
    expect(checkPersonName('山田 太郎')).toBe('山田 太郎');
  });

  it.each([
    ['', 'A name must not be empty.'],
    [' Ada', "The name ' Ada' must not begin or end with white space."],
    ['x'.repeat(201), 'A name may have 200 characters, but has 201.'],
    ['a\nb', 'The name "a\\nb" has characters that cannot be shown: remove them.'],
  ])('rejects %j', (name, message) => {
    expect(() => checkPersonName(name)).toThrow(message);
  });
});

describe('checkFixedFacts', () => {
  it.each<[string, object, string]>([
    ['no model', { model: undefined }, 'A gallery needs the fingerprint and the name of its model.'],
    ['an empty fingerprint', { model: { fingerprint: '', name: 'x' } }, 'A gallery needs the fingerprint'],
    ['no name', { model: { fingerprint: 'x' } }, 'A gallery needs the fingerprint'],
    ['no size', { embeddingSize: 0 }, 'embeddingSize'],
    ['half a size', { embeddingSize: 1.5 }, 'embeddingSize'],
    ['another comparison', { comparison: 'median' }, "must be 'mean' or 'best', but is 'median'"],
    ['another crop', { crop: { kind: 'circle' } }, 'crop'],
  ])('rejects %s', (_, changes, message) => {
    const check = () => checkFixedFacts({ ...facts, ...changes } as FixedFacts);
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(message);
  });

  it('accepts facts', () => {
    expect(() => checkFixedFacts(facts)).not.toThrow();
    expect(() => checkFixedFacts({ ...facts, crop: null, comparison: 'best' })).not.toThrow();
  });
});

describe('requireSameFacts', () => {
  it('names both models, crops, sizes and comparisons', () => {
    const require = (changes: Partial<FixedFacts>) => () =>
      requireSameFacts('staff.db', facts, { ...facts, ...changes });
    expect(require({})).not.toThrow();
    const model = { fingerprint: 'cd'.repeat(32), name: 'mine.bin' };
    expect(require({ model })).toThrow(DataError);
    expect(require({ model })).toThrow(
      "The gallery staff.db was made with the model 'faceres' (abababababab), but this is 'mine.bin' (cdcdcdcdcdcd).",
    );
    expect(require({ embeddingSize: 5 })).toThrow(ShapeError);
    expect(require({ crop: null })).toThrow(
      'enrolled with faces aligned by five points, but this program takes images as they are',
    );
    expect(require({ comparison: 'best' })).toThrow(
      'compares with the mean embedding of a person, not with the best',
    );
    expect(() => requireSameFacts('x', facts, { ...facts, comparison: undefined })).not.toThrow();
  });
});

describe('checkMetadata', () => {
  it('copies', () => {
    const metadata = { a: [{ b: 1 }] };
    const copy = checkMetadata(metadata);
    expect(copy).toEqual(metadata);
    expect(copy.a).not.toBe(metadata.a);
    const odd = JSON.parse('{"__proto__":{"x":1}}');
    expect(JSON.stringify(checkMetadata(odd))).toBe('{"__proto__":{"x":1}}');
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('says where the bad value is', () => {
    expect(() => checkMetadata({ a: [1, { b: Number.NaN }] })).toThrow('metadata.a[1].b is NaN');
    expect(() => checkMetadata({ a: new Map() } as never)).toThrow('metadata.a is an object of Map');
    let deep: unknown = 1;
    for (let depth = 0; depth < 200; depth++) deep = [deep];
    expect(() => checkMetadata({ deep } as never)).toThrow('nested 100 deep');
  });
});

it('tells identifiers from other values', () => {
  for (const id of ['a', 'A-1/2:~', '~'.repeat(100), crypto.randomUUID()])
    expect(isIdentifier(id)).toBe(true);
  for (const id of ['', ' ', 'a b', 'é', 'a\0', '~'.repeat(101), 7, null, undefined])
    expect(isIdentifier(id)).toBe(false);
});
