import { describe, expect, it } from 'vitest';
import {
  checkNotEmpty,
  checkSameLength,
  checkShare,
  checkThreshold,
  checkWhole,
  labelAt,
  scoreAt,
} from './checks.ts';
import { MetricsError } from './metrics-error.ts';

const { NaN: notANumber, NEGATIVE_INFINITY, POSITIVE_INFINITY, MAX_SAFE_INTEGER } = Number;
const asNumber = (value: unknown) => value as number;

describe('checks', () => {
  it('let through what is fine', () => {
    checkNotEmpty('x', new Float32Array(1));
    checkSameLength('x', 2, 'y', 2);
    checkWhole('x', MAX_SAFE_INTEGER, 0);
    for (const share of [0, 0.5, 1]) checkShare('x', share);
    for (const threshold of [NEGATIVE_INFINITY, 0, POSITIVE_INFINITY]) checkThreshold('x', threshold);
    expect(scoreAt('x', [NEGATIVE_INFINITY, -0, 2], 0)).toBe(NEGATIVE_INFINITY);
    expect(labelAt('x', [0, 4], 1, 5)).toBe(4);
  });

  it.each([
    ['no array', () => checkNotEmpty('x', asNumber(3) as unknown as number[])],
    ['null', () => checkNotEmpty('x', null as unknown as number[])],
    ['an empty array', () => checkNotEmpty('x', [])],
    ['another length', () => checkSameLength('x', 2, 'y', 3)],
    ['a fraction', () => checkWhole('x', 1.5, 0)],
    ['a number too large to be exact', () => checkWhole('x', 2 ** 53, 0)],
    ['text for a number', () => checkWhole('x', asNumber('3'), 0)],
    ['a share above 1', () => checkShare('x', 1.01)],
    ['a share below 0', () => checkShare('x', -0.01)],
    ['text for a share', () => checkShare('x', asNumber('0.5'))],
    ['a threshold that is NaN', () => checkThreshold('x', notANumber)],
    ['a threshold that is missing', () => checkThreshold('x', asNumber(undefined))],
    ['a score that is NaN', () => scoreAt('x', [notANumber], 0)],
    ['an infinite score', () => scoreAt('x', [POSITIVE_INFINITY], 0)],
    ['a score that is missing', () => scoreAt('x', [], 0)],
    ['a label at the end', () => labelAt('x', [5], 0, 5)],
    ['a boolean label', () => labelAt('x', [asNumber(true)], 0, 5)],
  ])('refuse %s, by the name they were given', (_what, check) => {
    expect(check).toThrow(MetricsError);
    expect(check).toThrow(/^x/);
  });
});
