import { describe, expect, it } from 'vitest';
import { sweepThresholds, thresholdWithin } from './threshold-interval.ts';

const none = new Float64Array();

describe('sweepThresholds', () => {
  it('has one unbounded interval if nothing changes', () => {
    expect(sweepThresholds(none, none, 3)).toEqual({
      count: 3,
      interval: { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY },
    });
  });

  it('prefers the widest bounded interval, then the lowest', () => {
    // The count is 1 in (0, 1], (2, 4] and (5, 7].
    const { count, interval } = sweepThresholds(Float64Array.of(0, 2, 5), Float64Array.of(1, 4, 7), 0);
    expect({ count, interval }).toEqual({ count: 1, interval: { low: 2, high: 4 } });
  });

  it('prefers a bounded interval to an unbounded one', () => {
    // The count is 1 up to 0, 0 up to 1, 1 up to 2, 0 up to 3, and 1 above.
    const { interval } = sweepThresholds(Float64Array.of(1, 3), Float64Array.of(0, 2), 1);
    expect(interval).toEqual({ low: 1, high: 2 });
  });

  it('applies all changes at one value together', () => {
    const { count, interval } = sweepThresholds(Float64Array.of(1, 1), Float64Array.of(1, 1, 2), 1);
    expect({ count, interval }).toEqual({ count: 1, interval: { low: Number.NEGATIVE_INFINITY, high: 2 } });
  });

  it('treats 0 and -0 as one value', () => {
    const { count } = sweepThresholds(Float64Array.of(-0), Float64Array.of(0), 0);
    expect(count).toBe(0);
  });
});

describe('thresholdWithin', () => {
  const { MAX_VALUE, MIN_VALUE, EPSILON, NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;

  it('is the middle of a bounded interval, without overflow', () => {
    expect(thresholdWithin({ low: 1, high: 2 })).toBe(1.5);
    expect(thresholdWithin({ low: -MAX_VALUE, high: MAX_VALUE })).toBe(0);
    expect(thresholdWithin({ low: MAX_VALUE / 2, high: MAX_VALUE })).toBe(MAX_VALUE * 0.75);
  });

  it('is the upper end if no number lies between the two', () => {
    expect(thresholdWithin({ low: 1, high: 1 + EPSILON })).toBe(1 + EPSILON);
    expect(thresholdWithin({ low: 0, high: MIN_VALUE })).toBe(MIN_VALUE);
  });

  it('is the only bound of an interval, and 0 without bounds', () => {
    expect(thresholdWithin({ low: NEGATIVE_INFINITY, high: 0.5 })).toBe(0.5);
    expect(thresholdWithin({ low: NEGATIVE_INFINITY, high: POSITIVE_INFINITY })).toBe(0);
  });

  it('is the next number above a lower bound', () => {
    expect(thresholdWithin({ low: 1, high: POSITIVE_INFINITY })).toBe(1 + EPSILON);
    expect(thresholdWithin({ low: -1, high: POSITIVE_INFINITY })).toBe(-1 + EPSILON / 2);
    expect(thresholdWithin({ low: 0, high: POSITIVE_INFINITY })).toBe(MIN_VALUE);
    expect(thresholdWithin({ low: -MIN_VALUE, high: POSITIVE_INFINITY })).toBe(-0);
  });
});
