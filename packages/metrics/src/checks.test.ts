import { describe, expect, it } from 'vitest';
import {
  checkNotEmpty,
  checkSameLength,
  checkShare,
  checkThreshold,
  checkWhole,
  readLabel,
  readScore,
} from './checks.ts';
import { MetricsError } from './metrics-error.ts';

const { NaN: notANumber, NEGATIVE_INFINITY, POSITIVE_INFINITY, MAX_SAFE_INTEGER } = Number;
const asNumber = (value: unknown) => value as number;

describe('checks', () => {
  it('accept valid values', () => {
    checkNotEmpty('x', new Float32Array(1));
    checkSameLength('x', 2, 'y', 2);
    checkWhole('x', MAX_SAFE_INTEGER, 0);
    for (const share of [0, 0.5, 1]) checkShare('x', share);
    for (const threshold of [NEGATIVE_INFINITY, 0, POSITIVE_INFINITY]) checkThreshold('x', threshold);
    expect(readScore('x', [NEGATIVE_INFINITY, -0, 2], 0)).toBe(NEGATIVE_INFINITY);
    expect(readLabel('x', [0, 4], 1, 5)).toBe(4);
  });

  it.each([
    ['not an array', () => checkNotEmpty('x', asNumber(3) as unknown as number[])],
    ['null', () => checkNotEmpty('x', null as unknown as number[])],
    ['an empty array', () => checkNotEmpty('x', [])],
    ['a wrong length', () => checkSameLength('x', 2, 'y', 3)],
    ['a fraction', () => checkWhole('x', 1.5, 0)],
    ['a number too large to be exact', () => checkWhole('x', 2 ** 53, 0)],
    ['a string for a number', () => checkWhole('x', asNumber('3'), 0)],
    ['a share above 1', () => checkShare('x', 1.01)],
    ['a share below 0', () => checkShare('x', -0.01)],
    ['a string for a share', () => checkShare('x', asNumber('0.5'))],
    ['a NaN threshold', () => checkThreshold('x', notANumber)],
    ['a missing threshold', () => checkThreshold('x', asNumber(undefined))],
    ['a NaN score', () => readScore('x', [notANumber], 0)],
    ['an infinite score', () => readScore('x', [POSITIVE_INFINITY], 0)],
    ['a missing score', () => readScore('x', [], 0)],
    ['a label at the end of the range', () => readLabel('x', [5], 0, 5)],
    ['a boolean label', () => readLabel('x', [asNumber(true)], 0, 5)],
  ])('refuse %s, by the name they were given', (_what, check) => {
    expect(check).toThrow(MetricsError);
    expect(check).toThrow(/^x/);
  });
});
