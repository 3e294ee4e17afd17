import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kFoldVerification } from './index.ts';

/** Runs the procedure literally: every threshold, every pair, a strict comparison, the first maximum. */
function plainProcedure(similarities: readonly number[], isSame: readonly boolean[], folds: number) {
  const pairs = similarities.map((cosine, index) => ({
    distance: 2 - 2 * cosine,
    same: isSame[index]!,
    index,
  }));
  const accuracy = (list: typeof pairs, threshold: number) =>
    list.filter(({ distance, same }) => distance < threshold === same).length / list.length;
  const ends = [0];
  for (let fold = 0; fold < folds; fold++) {
    ends.push(ends[fold]! + Math.floor(pairs.length / folds) + (fold < pairs.length % folds ? 1 : 0));
  }
  return ends.slice(0, folds).map((start, fold) => {
    const inFold = ({ index }: { index: number }) => index >= start && index < ends[fold + 1]!;
    const others = pairs.filter((pair) => !inFold(pair));
    let best = { threshold: 0, accuracy: -1 };
    for (let step = 0; step < 400; step++) {
      const found = accuracy(others, step * 0.01);
      if (found > best.accuracy) best = { threshold: step * 0.01, accuracy: found };
    }
    return { accuracy: accuracy(pairs.filter(inFold), best.threshold), threshold: best.threshold };
  });
}

describe('kFoldVerification', () => {
  it('chooses the threshold of each fold on the others, the first of the best', () => {
    // Squared distances 0.5, 1.5, 0.5, 1.5: both halves choose the first grid value above 0.5.
    const result = kFoldVerification([0.75, 0.25, 0.75, 0.25], [1, 0, 1, 0], { folds: 2 });
    expect(result.foldAccuracies).toEqual([1, 1]);
    expect(result.foldThresholds).toEqual([0.51, 0.51]);
    expect(result.accuracy).toBe(1);
    expect(result.standardDeviation).toBe(0);
  });

  it('judges a fold by thresholds that never saw it', () => {
    // Squared distances 1, 2 | 0.25, 0.75: the threshold from the second half rejects the first half; the threshold from
    // the first half accepts the second.
    const result = kFoldVerification([0.5, 0, 0.875, 0.625], [1, 0, 1, 0], { folds: 2 });
    expect(result.foldThresholds).toEqual([0.26, 1.01]);
    expect(result.foldAccuracies).toEqual([0.5, 0.5]);
    expect(result.standardDeviation).toBe(0);
  });

  it('accepts strictly below a threshold', () => {
    // Distance 0 is first accepted at 0.01; distance 4 at no threshold of the grid.
    const result = kFoldVerification([1, -1, 1, -1], [1, 0, 1, 0], { folds: 2 });
    expect(result.foldThresholds).toEqual([0.01, 0.01]);
    expect(kFoldVerification([-1, -1], [1, 1], { folds: 2 }).accuracy).toBe(0);
  });

  it('uses the population standard deviation', () => {
    const result = kFoldVerification([1, 1, 1, -1, -1, -1], [1, 1, 1, 0, 0, 0], { folds: 2 });
    // Trained on different pairs only, threshold 0 rejects all; on same pairs only, 0.01 accepts distance 0.
    expect(result.foldAccuracies).toEqual([0, 1]);
    expect(result.accuracy).toBe(0.5);
    expect(result.standardDeviation).toBe(0.5);
  });

  it('equals the literal procedure, also with folds of unequal size', () => {
    const cosine = fc.oneof(
      fc.double({ min: -1, max: 1, noNaN: true }),
      // Squared distances on the grid itself, where rounding decides.
      fc.integer({ min: 0, max: 400 }).map((step) => Math.max(-1, 1 - (step * 0.01) / 2)),
    );
    const list = fc.array(fc.tuple(cosine, fc.boolean()), { minLength: 5, maxLength: 23 });
    fc.assert(
      fc.property(list, fc.integer({ min: 2, max: 5 }), (pairs, folds) => {
        const similarities = pairs.map(([similarity]) => similarity);
        const isSame = pairs.map(([, same]) => same);
        const result = kFoldVerification(similarities, isSame, { folds });
        const expected = plainProcedure(similarities, isSame, folds);
        expect(result.foldAccuracies).toEqual(expected.map(({ accuracy }) => accuracy));
        expect(result.foldThresholds).toEqual(expected.map(({ threshold }) => threshold));
      }),
    );
  });

  it('rejects invalid input', () => {
    expect(() => kFoldVerification([0.5, 0.5], [1, 0])).toThrow(/cannot split 2 pairs into 10 folds/);
    expect(() => kFoldVerification([0.5, 0.5], [1, 0], { folds: 1 })).toThrow(/folds must be .* at least 2/);
    expect(() => kFoldVerification([0.5, 1.5], [1, 0], { folds: 2 })).toThrow(
      /\[1\] is 1.5.*must be a cosine/,
    );
    const never = Number.NEGATIVE_INFINITY;
    expect(() => kFoldVerification([0.5, never], [1, 0], { folds: 2 })).toThrow(/must be a cosine/);
    // A float32 dot product of unit vectors may round to just above 1.
    expect(kFoldVerification([1 + 2 ** -22, 0], [1, 0], { folds: 2 }).foldAccuracies).toHaveLength(2);
  });
});
