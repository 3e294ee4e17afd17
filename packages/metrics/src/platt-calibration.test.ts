import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logisticProbability, MetricsError, normalDeviate, plattCalibration } from './index.ts';

describe('plattCalibration', () => {
  it('has a closed form for two scores', () => {
    // At 1: three same and one different; at 0: one same and three different. Targets 5/6 and 1/6, so the means at the
    // two scores are (3 · 5/6 + 1/6) / 4 = 2/3 and 1/3, which two parameters fit exactly: logits log 2 and -log 2.
    const similarities = [1, 1, 1, 1, 0, 0, 0, 0];
    const result = plattCalibration(similarities, [1, 1, 1, 0, 1, 0, 0, 0]);
    expect(result.probability(1)).toBeCloseTo(2 / 3, 9);
    expect(result.probability(0)).toBeCloseTo(1 / 3, 9);
    expect(result.slope).toBeCloseTo(-2 * Math.LN2, 8);
    expect(result.offset).toBeCloseTo(Math.LN2, 8);
    expect(result.threshold).toBeCloseTo(0.5, 9);
    const loss = -((2 / 3) * Math.log(2 / 3) + (1 / 3) * Math.log(1 / 3));
    expect(result.logLoss).toBeCloseTo(loss, 12);
  });

  it('stays finite if a threshold separates the pairs', () => {
    const result = plattCalibration([0.9, 0.8, 0.1, 0.2], [1, 1, 0, 0]);
    expect(Number.isFinite(result.slope)).toBe(true);
    expect(result.slope).toBeLessThan(0);
    expect(result.probability(0.9)).toBeGreaterThan(0.5);
    expect(result.threshold).toBeCloseTo(0.5, 9);
  });

  it('returns the share of positives if all similarities are equal', () => {
    const result = plattCalibration([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0]);
    // Targets 2/3 once and 1/5 three times.
    expect(result.probability(0.5)).toBeCloseTo((2 / 3 + 3 / 5) / 4, 9);
    expect(result.probability(-7)).toBe(result.probability(7));
    expect(result.threshold).toBeNull();
  });

  it('is a minimum, on every scale', () => {
    const pair = fc.tuple(fc.integer({ min: -20, max: 20 }), fc.boolean());
    const list = fc
      .array(pair, { minLength: 4, maxLength: 40 })
      .filter((pairs) => new Set(pairs.map(([, same]) => same)).size === 2);
    const scale = fc.constantFrom(1e-6, 0.05, 1, 1e8);
    fc.assert(
      fc.property(list, scale, fc.constantFrom(0, 1, -50), (pairs, factor, shift) => {
        const similarities = pairs.map(([value]) => (value + shift) * factor);
        const isSame = pairs.map(([, same]) => same);
        const { probability, slope, offset, logLoss } = plattCalibration(similarities, isSame);
        const positives = isSame.filter((same) => same).length;
        const [high, low] = [(positives + 1) / (positives + 2), 1 / (pairs.length - positives + 2)];
        const lossAt = (a: number, b: number) => {
          const terms = similarities.map((value, index) => {
            const [t, f] = [isSame[index] ? high : low, a * value + b];
            return t * f + Math.log1p(Math.exp(-Math.abs(f))) + (f < 0 ? -f : 0);
          });
          return terms.reduce((sum, term) => sum + term, 0) / terms.length;
        };
        expect(Math.abs(lossAt(slope, offset) - logLoss)).toBeLessThan(1e-9);
        const [stepA, stepB] = [0.01 / factor, 0.01];
        for (const [a, b] of [
          [stepA, 0],
          [-stepA, 0],
          [0, stepB],
          [0, -stepB],
        ] as const) {
          expect(lossAt(slope + a, offset + b)).toBeGreaterThanOrEqual(logLoss - 1e-9);
        }
        for (const value of similarities) {
          expect(logisticProbability({ slope, offset }, value)).toBe(probability(value));
          expect(Math.abs(probability(value) - 1 / (1 + Math.exp(slope * value + offset)))).toBeLessThan(
            1e-12,
          );
        }
      }),
    );
  });

  it.each([0, 1, 1 - 2 ** -53, 0.7034534534])(
    'converges for many similarities that are all about %d',
    (centre) => {
      const isSame = Array.from({ length: 20_000 }, (_, pair) => pair % 3 === 0);
      for (const spread of [0, 1e-16, 1e-9]) {
        const similarities = isSame.map((_, pair) => centre + spread * Math.sin(pair));
        const { slope, offset, logLoss } = plattCalibration(similarities, isSame);
        expect([slope, offset, logLoss].every(Number.isFinite)).toBe(true);
        // The entropy of a third.
        expect(logLoss).toBeCloseTo(0.6365, 3);
      }
    },
  );

  it('converges for many pairs that overlap', () => {
    const isSame = Array.from({ length: 40_000 }, (_, pair) => pair % 50 > 0);
    const similarities = isSame.map((same, pair) => (same ? 0.1 : 0) + ((pair * 0.618034) % 1) ** 2);
    expect(plattCalibration(similarities, isSame).slope).toBeLessThan(0);
  });

  it('falls if the pairs of the same identity are the less similar ones', () => {
    expect(plattCalibration([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0]).slope).toBeGreaterThan(0);
  });

  it('balances the kinds: the curve of two normals crosses one half at their middle, whatever the counts', () => {
    // Equal variances: the logit of "same" is linear, ((0.5 - 0.1) / 0.1²) · (s - 0.3).
    const normals = (mean: number, count: number) =>
      Array.from({ length: count }, (_, index) => mean + 0.1 * normalDeviate((index + 0.5) / count));
    for (const [same, different] of [
      [1000, 1000],
      [200, 20_000],
      [20_000, 200],
    ] as const) {
      const similarities = [...normals(0.5, same), ...normals(0.1, different)];
      const isSame = similarities.map((_, pair) => pair < same);
      const curve = plattCalibration(similarities, isSame, { balanced: true });
      expect(Math.abs(curve.threshold! - 0.3)).toBeLessThan(0.004);
      // The targets flatten the curve of few pairs.
      expect(curve.slope).toBeGreaterThan(-40);
      expect(curve.slope).toBeLessThan(same === different ? -36 : -29);
      // Without it, the threshold answers for the counts: log(different / same) / 40 higher.
      const plain = plattCalibration(similarities, isSame);
      expect(Math.abs(plain.threshold! - 0.3 - Math.log(different / same) / 40)).toBeLessThan(0.03);
    }
  });

  it('puts the balanced crossing in the middle of two separate points, whatever the counts', () => {
    const similarities = [0.8, 0.8, ...Array(500).fill(0.2)];
    const isSame = similarities.map((value) => value > 0.5);
    expect(plattCalibration(similarities, isSame, { balanced: true }).threshold).toBeCloseTo(0.5, 9);
    expect(plattCalibration(similarities, isSame).threshold).toBeGreaterThan(0.6);
  });

  it('finds the same curve from any start, in fewer steps from a near one', () => {
    const similarities = Array.from({ length: 200 }, (_, pair) => ((pair * 0.618034) % 1) + (pair % 2) / 3);
    const isSame = similarities.map((_, pair) => pair % 2);
    const found = plattCalibration(similarities, isSame);
    const again = plattCalibration(similarities, isSame, { start: found });
    expect(again.iterations).toBe(0);
    expect([again.slope, again.offset]).toEqual([
      expect.closeTo(found.slope, 9),
      expect.closeTo(found.offset, 9),
    ]);
    const far = plattCalibration(similarities, isSame, { start: { slope: 30, offset: -20 } });
    expect(far.slope).toBeCloseTo(found.slope, 6);
  });

  it('counts a pair of weight 3 like three pairs', () => {
    const few = [0.9, 0.6, 0.4, 0.3, 0.5];
    const kinds = [1, 0, 1, 0, 1];
    const weights = [3, 1, 2, 0, 1];
    const repeated = weights.flatMap((weight, pair) => Array<number>(weight).fill(pair));
    for (const balanced of [false, true]) {
      const weighted = plattCalibration(few, kinds, { weights, balanced });
      const plain = plattCalibration(
        repeated.map((pair) => few[pair]!),
        repeated.map((pair) => kinds[pair]!),
        { balanced },
      );
      expect(weighted.slope).toBeCloseTo(plain.slope, 6);
      expect(weighted.offset).toBeCloseTo(plain.offset, 6);
    }
    for (const wrong of [
      [1, 1, 1, 1],
      [1, 1, -1, 1, 1],
      [1, 1, Number.NaN, 1, 1],
      [1, 0, 1, 0, 1],
    ]) {
      expect(() => plattCalibration(few, kinds, { weights: wrong })).toThrow(MetricsError);
    }
  });

  it('does not overflow', () => {
    const { probability } = plattCalibration([1, 1, 0, 0], [1, 1, 0, 0]);
    expect(probability(1e300)).toBe(1);
    expect(probability(-1e300)).toBe(0);
  });

  it('has no probability of NaN', () => {
    const curve = { slope: -1, offset: 0 };
    for (const similarity of [Number.NaN, undefined, null, '1']) {
      expect(() => logisticProbability(curve, similarity as number)).toThrow(MetricsError);
    }
    expect(() => logisticProbability({ ...curve, slope: Number.NaN }, 0)).toThrow(MetricsError);
    expect(() => plattCalibration([0.9, 0.1], [1, 0]).probability(Number.NaN)).toThrow(
      /similarity, slope and offset/,
    );
  });

  it('rejects invalid input', () => {
    expect(() => plattCalibration([1, 2], [1, 1])).toThrow(/found 2 and 0: add the missing kind/);
    expect(() => plattCalibration([1, Number.NEGATIVE_INFINITY], [1, 0])).toThrow(/\[1\] is -Infinity/);
    expect(() => plattCalibration([1], [1, 0])).toThrow(MetricsError);
    const hard = [0.9, 0.1, 0.3, 0.8];
    expect(() => plattCalibration(hard, [1, 0, 1, 0], { maxIterations: 1 })).toThrow(/did not converge/);
  });
});
