import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidateThresholds, score } from './__fixtures__/arbitraries.ts';
import references from './__fixtures__/metrics.json';
import { MetricsError, uniformAccuracyAt, uniformClassification } from './index.ts';

describe('uniformClassification', () => {
  it('agrees with a hand-worked example', () => {
    // Intervals (largest negative, positive]: (1, 3], (1.5, 2], (0.2, 0.9], none (2.2 > 2.1), none? (1 > 0.4).
    const scores = [3, 1, 0.5, 2, 1.5, 0, 0.2, 0.9, 0.1, 2.2, 2.1, 0.3, 1, 0.5, 0.4];
    const result = uniformClassification(scores, [0, 0, 1, 0, 2], 3);
    // Row 3 has label 0: (2.1, 2.2]. It overlaps (1, 3]; so does (1.5, 2]: two of five at best.
    expect(result.sampleWiseAccuracy).toBe(0.8);
    expect(result.uniformAccuracy).toBe(0.4);
    // (1.5, 2] is wider than (2.1, 2.2]: its middle is the threshold.
    expect(result.thresholdInterval).toEqual({ low: 1.5, high: 2 });
    expect(result.threshold).toBe(1.75);
    // By class: two of three samples of class 0, the one of class 1, none of class 2.
    expect(result.classWiseAccuracy).toBe(0.6);
    expect(result.classThresholds).toEqual([1.75, 0.2 / 2 + 0.9 / 2, 0]);
  });

  it.each(references.uniform)('agrees with the reference of $numClasses classes', (reference) => {
    const { labels, numClasses, expected } = reference;
    const scores = new Float32Array(reference.scores);
    const result = uniformClassification(scores, labels, numClasses);
    expect(result.sampleWiseAccuracy).toBe(expected.sampleWiseAccuracy);
    expect(result.uniformAccuracy).toBe(expected.uniformAccuracy);
    expect(result.classWiseAccuracy).toBe(expected.classWiseUniformAccuracy);
    expect(uniformAccuracyAt(scores, labels, numClasses, result.threshold)).toBe(expected.uniformAccuracy);
    // The reference's example is in the same interval. Its convention may include either end.
    expect(expected.uniformThresholdExample).toBeGreaterThanOrEqual(result.thresholdInterval.low);
    expect(expected.uniformThresholdExample).toBeLessThanOrEqual(result.thresholdInterval.high);
  });

  it('includes the upper end of the interval and not the lower', () => {
    const result = uniformClassification([2, 1], [0], 2);
    expect(result.thresholdInterval).toEqual({ low: 1, high: 2 });
    expect(uniformAccuracyAt([2, 1], [0], 2, 2)).toBe(1);
    expect(uniformAccuracyAt([2, 1], [0], 2, 1)).toBe(0);
  });

  it('joins intervals that meet', () => {
    // (0, 1] and (1, 2]: one of two samples is correct throughout (0, 2].
    const result = uniformClassification([1, 0, 2, 1], [0, 0], 2);
    expect(result.uniformAccuracy).toBe(0.5);
    expect(result.thresholdInterval).toEqual({ low: 0, high: 2 });
  });

  it('counts a tie of positive and largest negative as wrong at every threshold', () => {
    const result = uniformClassification([1, 1, 0], [0], 3);
    expect(result).toEqual({
      sampleWiseAccuracy: 0,
      classWiseAccuracy: 0,
      uniformAccuracy: 0,
      threshold: 0,
      thresholdInterval: { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY },
      classThresholds: [0, null, null],
    });
  });

  it('has no negatives with one class: all are correct up to the lowest positive', () => {
    const result = uniformClassification([3, 2, 5], [0, 0, 0], 1);
    expect(result.uniformAccuracy).toBe(1);
    expect(result.thresholdInterval).toEqual({ low: Number.NEGATIVE_INFINITY, high: 2 });
    expect(result.threshold).toBe(2);
    expect(result.classThresholds).toEqual([2]);
  });

  it('finds a threshold for each class if none suits all', () => {
    const result = uniformClassification([10, 9, 1, 2], [0, 1], 2);
    expect(result.uniformAccuracy).toBe(0.5);
    expect(result.classWiseAccuracy).toBe(1);
    expect(result.classThresholds).toEqual([9.5, 1.5]);
  });

  it('accepts masked classes', () => {
    const result = uniformClassification([2, Number.NEGATIVE_INFINITY], [0], 2);
    expect(result.thresholdInterval).toEqual({ low: Number.NEGATIVE_INFINITY, high: 2 });
    expect(result.sampleWiseAccuracy).toBe(1);
  });

  it('equals the best of all thresholds, and orders the three accuracies', () => {
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((numClasses) =>
        fc
          .array(
            fc.tuple(
              fc.integer({ min: 0, max: numClasses - 1 }),
              fc.array(score, { minLength: numClasses, maxLength: numClasses }),
            ),
            { minLength: 1, maxLength: 12 },
          )
          .map((rows) => ({ numClasses, rows })),
      );
    fc.assert(
      fc.property(table, ({ numClasses, rows }) => {
        const labels = rows.map(([label]) => label);
        const scores = rows.flatMap(([, row]) => row);
        const result = uniformClassification(scores, labels, numClasses);
        const candidates = candidateThresholds(scores);
        const at = (threshold: number) => uniformAccuracyAt(scores, labels, numClasses, threshold);
        expect(result.uniformAccuracy).toBe(Math.max(...candidates.map(at)));
        expect(at(result.threshold)).toBe(result.uniformAccuracy);

        const { low, high } = result.thresholdInterval;
        expect(low < result.threshold && result.threshold <= high).toBe(true);
        for (const candidate of candidates) {
          if (low < candidate && candidate <= high) expect(at(candidate)).toBe(result.uniformAccuracy);
        }
        // The interval is complete: at its exclusive lower end the count differs.
        if (Number.isFinite(low)) expect(at(low)).toBeLessThan(result.uniformAccuracy);

        const ofClass = (label: number) => rows.filter(([own]) => own === label);
        let rightClassWise = 0;
        for (let label = 0; label < numClasses; label++) {
          const own = ofClass(label);
          expect(result.classThresholds[label] === null).toBe(own.length === 0);
          if (own.length === 0) continue;
          const count = (threshold: number) =>
            Math.round(
              own.length *
                uniformAccuracyAt(
                  own.flatMap(([, row]) => row),
                  own.map(([ownLabel]) => ownLabel),
                  numClasses,
                  threshold,
                ),
            );
          const best = Math.max(...candidates.map(count));
          expect(count(result.classThresholds[label]!)).toBe(best);
          rightClassWise += best;
        }
        expect(result.classWiseAccuracy).toBe(rightClassWise / rows.length);
        expect(result.uniformAccuracy).toBeLessThanOrEqual(result.classWiseAccuracy);
        expect(result.classWiseAccuracy).toBeLessThanOrEqual(result.sampleWiseAccuracy);
      }),
      { numRuns: 300 },
    );
  });

  it('sweeps many samples quickly', () => {
    const samples = 200_000;
    const scores = Float32Array.from({ length: samples * 4 }, (_, index) => Math.sin(index * 12.9898));
    const labels = Uint8Array.from({ length: samples }, (_, index) => index % 4);
    const started = performance.now();
    const result = uniformClassification(scores, labels, 4);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(uniformAccuracyAt(scores, labels, 4, result.threshold)).toBe(result.uniformAccuracy);
  });

  it('rejects invalid input', () => {
    const call = (scores: number[], labels: number[], numClasses: number) => () =>
      uniformClassification(scores, labels, numClasses);
    expect(call([], [], 2)).toThrow(/labels is empty/);
    expect(call([], [0], 2)).toThrow(/scores is empty/);
    expect(call([1, 2, 3], [0, 1], 2)).toThrow(
      /scores has 3 elements, but \[2 labels, 2 classes\] requires 4/,
    );
    expect(call([1, 2], [2], 2)).toThrow(/labels\[0\] is 2, but must be a whole number in \[0, 2\)/);
    expect(call([1, 2], [-1], 2)).toThrow(/labels\[0\] is -1/);
    expect(call([1, 2], [0.5], 2)).toThrow(/labels\[0\] is 0.5/);
    expect(call([1, Number.NaN], [0], 2)).toThrow(/scores\[1\] is NaN/);
    expect(call([Number.POSITIVE_INFINITY, 1], [0], 2)).toThrow(/scores\[0\] is Infinity/);
    expect(call([1], [0], 0)).toThrow(/numClasses must be a whole number of at least 1/);
    expect(call([1, Number.NaN], [0], 2)).toThrow(MetricsError);
  });
});

describe('uniformAccuracyAt', () => {
  it('accepts infinite thresholds, but not NaN', () => {
    expect(uniformAccuracyAt([2, 1], [0], 2, Number.POSITIVE_INFINITY)).toBe(0);
    expect(uniformAccuracyAt([2, 1], [0], 2, Number.NEGATIVE_INFINITY)).toBe(0);
    expect(() => uniformAccuracyAt([2, 1], [0], 2, Number.NaN)).toThrow(
      /threshold must be a number and not NaN/,
    );
  });
});
