import { ConfigError } from '@openset/core';
import { accuracyAt, bestAccuracy, MetricsError, normalDeviate } from '@openset/metrics';
import { describe, expect, it } from 'vitest';
import type { ScoredPairs } from './calibration.ts';
import { crossFitThreshold, estimateThreshold, thresholdOnCurve } from './threshold-estimate.ts';

/** Normal scores at equal steps of probability. */
const normals = (mean: number, deviation: number, count: number) =>
  Array.from({ length: count }, (_, index) => mean + deviation * normalDeviate((index + 0.5) / count));

function pairsOf(same: readonly number[], different: readonly number[]): ScoredPairs {
  return { cosines: [...same, ...different], isSame: [...same.map(() => 1), ...different.map(() => 0)] };
}

/** Pairs of people: the number of a person moves all its cosines, so pairs that share a person depend on each other. */
function peoplePairs(count: number, draw: () => number): ScoredPairs & { people: number[] } {
  const shifts = Array.from({ length: count }, () => 0.05 * draw());
  const cosines: number[] = [];
  const isSame: number[] = [];
  const people: number[] = [];
  const add = (a: number, b: number, mean: number) => {
    cosines.push(mean + (shifts[a]! + shifts[b]!) / 2 + 0.08 * draw());
    isSame.push(a === b ? 1 : 0);
    people.push(a, b);
  };
  for (let a = 0; a < count; a++) {
    for (let image = 0; image < 3; image++) add(a, a, 0.5);
    for (let b = a + 1; b < count; b++) add(a, b, 0.1);
  }
  return { cosines, isSame, people };
}

/** A stream of normal numbers (a linear congruence, by Box and Muller). */
function normalStream(seed: number): () => number {
  let state = seed + 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

describe('estimateThreshold', () => {
  it('bounds the false accept rate among other people', () => {
    const draw = normalStream(3);
    const few = peoplePairs(25, draw);
    const estimate = estimateThreshold(few, { kind: 'far', rate: 0.02 }, { samples: 200 })!;
    expect(estimate.rateBound).toBeGreaterThan(0.025);
    expect(estimate.rateBound).toBeLessThan(0.1);
    // The true rate: the cosines of two other people.
    const { threshold } = estimate;
    const others = peoplePairs(200, draw);
    const { far } = accuracyAt(others.cosines, others.isSame, threshold);
    expect(far).toBeLessThan(estimate.rateBound!);
    const many = estimateThreshold(peoplePairs(120, draw), { kind: 'far', rate: 0.02 }, { samples: 100 })!;
    expect(many.rateBound).toBeLessThan(estimate.rateBound!);
    expect(many.rateBound).toBeGreaterThan(0.02);
    expect(estimateThreshold(few, undefined, { samples: 20 })!.rateBound).toBeNull();
    expect(estimateThreshold(few, { kind: 'far', rate: 0.02 }, { samples: 0 })!.rateBound).toBeNull();
  });

  it('promises no rate that so few pairs cannot show', () => {
    const pairs = pairsOf(normals(0.5, 0.1, 60), normals(0.1, 0.1, 60));
    const { rateBound } = estimateThreshold(pairs, { kind: 'far', rate: 0 })!;
    // 60 pairs without an error: the rate may be 1 − 0.05^(1/60), about 3 in 60.
    expect(rateBound).toBeGreaterThanOrEqual(1 - 0.05 ** (1 / 60));
  });

  it('finds the middle of two normals of equal width, whatever the counts', () => {
    for (const [same, different] of [
      [2000, 2000],
      [500, 20_000],
    ] as const) {
      const pairs = pairsOf(normals(0.5, 0.1, same), normals(0.1, 0.1, different));
      const found = estimateThreshold(pairs, undefined, { samples: 40 })!;
      expect(Math.abs(found.threshold - 0.3)).toBeLessThan(0.003);
      expect(found).toMatchObject({ same, different, people: null, question: { kind: 'pair', odds: 1 } });
      expect(found.differentNeeded).toBeNull();
      expect(found.interval!.low).toBeLessThan(0.3);
      expect(found.interval!.high).toBeGreaterThan(0.3);
    }
  });

  it('moves the threshold by the logarithm of the odds, and treats a gallery of G people as odds of 1 : G', () => {
    const pairs = pairsOf(normals(0.5, 0.1, 4000), normals(0.1, 0.1, 4000));
    const at = (odds: number) => estimateThreshold(pairs, { kind: 'pair', odds }, { samples: 0 })!.threshold;
    // The logit of these normals is 40 (s − 0.3); the targets of Platt flatten it by a few percent.
    expect(Math.abs(at(1 / 100) - at(1) - Math.log(100) / 40)).toBeLessThan(0.008);
    expect(at(1) - at(100)).toBeCloseTo(at(1 / 100) - at(1), 9);
    const gallery = estimateThreshold(pairs, { kind: 'gallery', size: 100 }, { samples: 0 })!;
    expect(gallery.threshold).toBeCloseTo(at(1 / 100), 12);
    expect(gallery.calibration).toEqual(estimateThreshold(pairs, undefined, { samples: 0 })!.calibration);
    expect(thresholdOnCurve(gallery.calibration!, { kind: 'gallery', size: 100 })).toBe(gallery.threshold);
  });

  it('accepts at most the share of a false accept rate, with the interval of the quantile', () => {
    const different = Array.from({ length: 1000 }, (_, index) => index / 2000);
    const pairs = pairsOf([0.8, 0.9, 0.7, 0.8, 0.9], different);
    const question = { kind: 'far', rate: 0.01 } as const;
    const found = estimateThreshold(pairs, question)!;
    // Ten of the thousand cosines are at least 0.495.
    expect(found.threshold).toBeCloseTo(0.4945, 9);
    expect(accuracyAt(pairs.cosines, pairs.isSame, found.threshold).far).toBe(0.01);
    expect(found.differentNeeded).toBe(3000);
    // Four to seventeen of a thousand draws at 1 % are within 95 %.
    expect(found.interval!.low).toBeCloseTo(0.4915, 2);
    expect(found.interval!.high).toBeCloseTo(0.498, 2);
    const none = estimateThreshold(pairs, { kind: 'far', rate: 0 })!;
    expect(none.threshold).toBeGreaterThan(0.4995);
    expect(none.differentNeeded).toBeNull();
    expect(estimateThreshold(pairs, { kind: 'far', rate: 1 })!.threshold).toBe(-1);
    expect(estimateThreshold(pairsOf([0.5], [1]), { kind: 'far', rate: 0 })).toBeNull();
  });

  it('covers the true threshold in nearly all sets of people', () => {
    let covered = 0;
    const runs = 25;
    for (let run = 0; run < runs; run++) {
      const draw = normalStream(1000 * run);
      const { threshold, interval, people } = estimateThreshold(peoplePairs(30, draw), undefined, {
        samples: 80,
        seed: run,
      })!;
      expect(people).toBe(30);
      expect(interval!.low).toBeLessThanOrEqual(threshold);
      expect(interval!.high).toBeGreaterThanOrEqual(threshold);
      // Same pairs vary by twice the variance of the person, so the true crossing is a little off the middle.
      if (interval!.low <= trueCrossing && trueCrossing <= interval!.high) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(0.85 * runs);
    expect(covered).toBeLessThanOrEqual(runs);
  });

  it('loses little against the best threshold in hindsight on other people', () => {
    const { threshold } = estimateThreshold(peoplePairs(40, normalStream(7)), undefined, { samples: 0 })!;
    const others = peoplePairs(200, normalStream(8));
    const same = others.cosines.length;
    // As many pairs of each kind.
    const kept = Array.from({ length: same }, (_, pair) => pair).filter(
      (pair) => others.isSame[pair] || pair % 33 === 0,
    );
    const cosines = kept.map((pair) => others.cosines[pair]!);
    const isSame = kept.map((pair) => others.isSame[pair]!);
    const lost = bestAccuracy(cosines, isSame).accuracy - accuracyAt(cosines, isSame, threshold).accuracy;
    expect(lost).toBeLessThan(0.015);
  });

  it('gives no interval for fewer than five people', () => {
    const four = peoplePairs(4, normalStream(1));
    expect(estimateThreshold(four)).toMatchObject({ people: 4, interval: null });
    expect(estimateThreshold(peoplePairs(5, normalStream(1)))!.interval).not.toBeNull();
    expect(estimateThreshold(pairsOf([0.9, 0.8, 0.7], [0.1, 0.2, 0.3, 0.4, 0.5]))!.interval).toBeNull();
  });

  it('takes the threshold of the highest accuracy if the curve is no calibration', () => {
    const inverted = pairsOf([0.1, 0.2, 0.3, 0.1, 0.2], [0.8, 0.9, 0.7, 0.8, 0.9]);
    const found = estimateThreshold(inverted)!;
    expect(found).toMatchObject({ calibration: null, interval: null });
    expect(found.threshold).toBe(bestAccuracy(inverted.cosines, inverted.isSame).threshold);
    const equal = estimateThreshold(pairsOf(Array(6).fill(1), Array(6).fill(1)))!;
    expect(equal).toMatchObject({ calibration: null, interval: null });
    expect(Math.abs(equal.threshold)).toBeLessThanOrEqual(1);
  });

  it('rejects invalid input', () => {
    const pairs = pairsOf([0.9], [0.1]);
    expect(() => estimateThreshold(pairs, { kind: 'pair', odds: 0 })).toThrow(ConfigError);
    expect(() => estimateThreshold(pairs, { kind: 'far', rate: 2 })).toThrow(ConfigError);
    expect(() => estimateThreshold({ cosines: [0.9], isSame: [1] })).toThrow(MetricsError);
    expect(() => estimateThreshold({ cosines: [0.9, Number.NaN], isSame: [1, 0] })).toThrow(MetricsError);
    expect(() => thresholdOnCurve({ slope: -1, offset: 0 }, { kind: 'far', rate: 0.1 })).toThrow(ConfigError);
    const promise = { kind: 'gallery', size: 9, rate: 0.1 } as const;
    for (const ask of [
      () => estimateThreshold(pairs, promise),
      () => thresholdOnCurve({ slope: -1, offset: 0 }, promise),
    ]) {
      expect(ask).toThrow(
        /^Pairs do not tell how many strangers a search in a gallery accepts: use estimateGalleries/,
      );
    }
  });
});

/** Crossing of the balanced curve of `peoplePairs` on very many people. */
const trueCrossing = 0.296;

describe('crossFitThreshold', () => {
  const impostors = (mean: number, deviation: number) => ({ mean, deviation });

  it('carries the threshold and the curve of standard scores to the final network', () => {
    // The same people under three networks of other scales; the final network has a fourth.
    const base = peoplePairs(12, normalStream(3));
    const scaled = (mean: number, deviation: number) => ({
      ...base,
      cosines: Array.from(base.cosines, (cosine) => mean + deviation * (cosine - 0.1)),
      people: base.people.map((person) => person + 100 * mean),
      impostors: impostors(mean, deviation),
    });
    const parts = [scaled(0.1, 1), scaled(0.3, 0.5), scaled(-0.2, 0.8)];
    const single = estimateThreshold(base, undefined, { samples: 0 })!;
    const found = crossFitThreshold(parts, impostors(0.4, 0.7), undefined, { samples: 50 })!;
    // Three copies of the pairs sharpen the regularised targets a little.
    expect(found.threshold).toBeCloseTo(0.4 + 0.7 * (single.threshold - 0.1), 2);
    const { slope, offset } = found.calibration!;
    expect(-offset / slope).toBeCloseTo(found.threshold, 9);
    expect(found).toMatchObject({ people: 36, same: 108, different: 198 });
    expect(found.interval!.low).toBeLessThanOrEqual(found.threshold);
    expect(found.interval!.high).toBeGreaterThanOrEqual(found.threshold);
    const question = { kind: 'gallery', size: 50 } as const;
    const gallery = crossFitThreshold(parts, impostors(0.4, 0.7), question, { samples: 0 })!;
    expect(gallery.threshold).toBeCloseTo(thresholdOnCurve(found.calibration!, question), 9);
  });

  it('finds the quantile of a false accept rate among standard scores', () => {
    const part = (shift: number) => ({
      ...pairsOf([0.9, 0.8], [shift, shift + 0.1, shift + 0.2, shift + 0.3]),
      impostors: impostors(shift, 0.1),
    });
    const question = { kind: 'far', rate: 0.25 } as const;
    const found = crossFitThreshold([part(0), part(0.2)], impostors(0.1, 0.05), question)!;
    // Standard scores 0, 1, 2, 3 twice: the two of 3 are a quarter.
    expect(found.threshold).toBeCloseTo(0.1 + 2 * 0.05, 9);
    expect(found.people).toBeNull();
    expect(crossFitThreshold([part(0), part(0.2)], impostors(0.9, 0.1), question)).toBeNull();
  });

  it('rejects one part, and networks whose impostors have no spread', () => {
    const part = { ...pairsOf([0.9], [0.1]), impostors: impostors(0.1, 0.1) };
    expect(() => crossFitThreshold([part], impostors(0, 1))).toThrow(/at least 2 parts, but has 1/);
    expect(() => crossFitThreshold([part, part], impostors(1, 0))).toThrow(/deviation above 0/);
  });
});
