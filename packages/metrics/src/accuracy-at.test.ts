import { describe, expect, it } from 'vitest';
import { accuracyAt } from './index.ts';

describe('accuracyAt', () => {
  const similarities = [0.9, 0.4, 0.5, 0.1, 0.2];
  const isSame = [true, true, false, false, false];

  it('counts every outcome', () => {
    expect(accuracyAt(similarities, isSame, 0.45)).toEqual({
      accuracy: 0.6,
      tar: 0.5,
      far: 1 / 3,
      trueAccepts: 1,
      falseAccepts: 1,
      trueRejects: 2,
      falseRejects: 1,
    });
  });

  it('accepts a similarity equal to the threshold', () => {
    expect(accuracyAt(similarities, isSame, 0.4).trueAccepts).toBe(2);
  });

  it('accepts infinite thresholds, but not NaN', () => {
    expect(accuracyAt(similarities, isSame, Number.POSITIVE_INFINITY)).toMatchObject({ tar: 0, far: 0 });
    expect(accuracyAt(similarities, isSame, Number.NEGATIVE_INFINITY)).toMatchObject({ tar: 1, far: 1 });
    expect(() => accuracyAt(similarities, isSame, Number.NaN)).toThrow(
      /threshold must be a number and not NaN/,
    );
  });

  it('has no rate for a missing kind of pairs', () => {
    expect(accuracyAt([0.5], [true], 0.4)).toMatchObject({ accuracy: 1, tar: 1, far: null });
    expect(accuracyAt([0.5], [false], 0.4)).toMatchObject({ accuracy: 0, tar: null, far: 1 });
  });
});
