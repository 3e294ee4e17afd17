import { expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
import { pairThreshold } from './pair-threshold.ts';

/** USS with the bias 20, the scale 32 and 101 identities. */
const learned = { cosine: 20 / 32, between: 'embeddings', scale: 32, comparisons: 100 } as const;

it('replaces the prior of training by that of the question', () => {
  expect(pairThreshold(learned)).toBeCloseTo((20 - Math.log(100)) / 32, 12);
  expect(pairThreshold(learned, { odds: 1 / 9 })).toBeCloseTo((20 - Math.log(100) + Math.log(9)) / 32, 12);
  expect(pairThreshold(learned, { odds: 4 })).toBeCloseTo((20 - Math.log(100) - Math.log(4)) / 32, 12);
});

it('returns the learned threshold for the odds of training', () => {
  expect(pairThreshold(learned, { odds: 1 / 100 })).toBeCloseTo(20 / 32, 12);
});

it('falls as "same" becomes more frequent, by log 10 / scale for ten times the odds', () => {
  const at = [1e-300, 1e-6, 1e-3, 1, 1e3, 1e300].map((odds) => pairThreshold(learned, { odds })!);
  expect(at).toEqual([...at].sort((first, second) => second - first));
  expect(at[3]! - at[4]!).toBeCloseTo(Math.log(1000) / 32, 12);
  // Far from the odds of training, no cosine decides.
  expect(at[0]).toBeGreaterThan(1);
  expect(at[5]).toBeLessThan(-1);
});

it('takes a loss, and reads its threshold once', () => {
  let reads = 0;
  const threshold = () => {
    reads++;
    return learned;
  };
  expect(pairThreshold({ threshold })).toBe(pairThreshold(learned));
  expect(reads).toBe(1);
});

it.each([
  ['a loss without a threshold', { threshold: () => null }],
  ['no threshold', null],
  ['nothing', undefined],
  ['a threshold without scale', { cosine: 0.4, between: 'embeddings', comparisons: 3 }],
  ['a threshold without comparisons', { cosine: 0.4, between: 'embeddings', scale: 32 }],
  ['no comparisons with others', { ...learned, comparisons: 0 }],
  ['a scale of 0', { ...learned, scale: 0 }],
  ['comparisons that are not finite', { ...learned, comparisons: Number.POSITIVE_INFINITY }],
] as const)('has no closed form for %s', (_, source) => {
  expect(pairThreshold(source)).toBeNull();
});

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1' as unknown as number])(
  'rejects odds of %s',
  (odds) => {
    expect(() => pairThreshold(learned, { odds })).toThrow(ConfigError);
    expect(() => pairThreshold(null, { odds })).toThrow(
      `above 0, but is ${odds}. Pass P(same) / P(different)`,
    );
  },
);
