import { ConfigError, DataError, ShapeError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { checkChanges, checkEnrollment, checkPage, checkSearch } from './check-calls.ts';

const facts = { model: { fingerprint: 'ab', name: 'faceres' }, embeddingSize: 2 };

describe('checkEnrollment', () => {
  it('returns unit embeddings with identifiers, times and the model, and a copy of the metadata', () => {
    const given = { team: ['A'] };
    const embeddings = [
      { values: Float32Array.of(3, 4), source: 'a.jpg' },
      { values: Float32Array.of(0, 2) },
    ];
    const {
      name,
      metadata,
      enrolledAt,
      embeddings: checked,
    } = checkEnrollment(facts, 'Jose\u0301', embeddings, given);
    expect([name, metadata]).toEqual(['Jos\u00e9', { team: ['A'] }]);
    expect(metadata?.team).not.toBe(given.team);
    expect(enrolledAt).toMatch(/^\d{4}-.*Z$/);
    expect(checked).toEqual([
      { id: expect.any(String), source: 'a.jpg', model: 'ab', enrolledAt, values: Float32Array.of(0.6, 0.8) },
      { id: expect.any(String), source: null, model: 'ab', enrolledAt, values: Float32Array.of(0, 1) },
    ]);
    expect(new Set(checked.map(({ id }) => id)).size).toBe(2);
    expect(checkEnrollment(facts, 'Ada', embeddings).metadata).toBeUndefined();
  });

  it('rejects what a store must not keep', () => {
    const good = [{ values: Float32Array.of(1, 0) }];
    expect(() => checkEnrollment(facts, ' ', good)).toThrow(DataError);
    expect(() => checkEnrollment(facts, 'Ada', [])).toThrow(DataError);
    expect(() => checkEnrollment(facts, 'Ada', [{ values: Float32Array.of(0, 0) }])).toThrow(DataError);
    expect(() => checkEnrollment(facts, 'Ada', [{ values: Float32Array.of(1) }])).toThrow(ShapeError);
    expect(() => checkEnrollment(facts, 'Ada', [{ ...good[0]!, source: '\0' }])).toThrow(DataError);
    expect(() => checkEnrollment(facts, 'Ada', good, [] as never)).toThrow(DataError);
  });
});

it('returns only the changes that were given', () => {
  expect(checkChanges({})).toEqual({});
  expect(checkChanges({ name: 'Jose\u0301', metadata: undefined })).toEqual({ name: 'Jos\u00e9' });
  expect(checkChanges({ metadata: {} })).toEqual({ metadata: {} });
  expect(() => checkChanges({ name: '' })).toThrow(DataError);
});

it('checks pages and searches', () => {
  expect(checkPage(undefined, 1)).toBeUndefined();
  expect(checkPage('Jose\u0301', 1000)).toBe('Jos\u00e9');
  expect(() => checkPage('\0', 1)).toThrow(DataError);
  expect(() => checkPage(undefined, 0)).toThrow(ConfigError);
  expect([...checkSearch(facts, Float32Array.of(0, 5), 1)]).toEqual([0, 1]);
  expect(() => checkSearch(facts, Float32Array.of(0, 5), 1001)).toThrow(ConfigError);
  expect(() => checkSearch(facts, Float32Array.of(1, 2, 3), 1)).toThrow(ShapeError);
});
