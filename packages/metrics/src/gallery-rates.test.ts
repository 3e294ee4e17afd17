import { describe, expect, it } from 'vitest';
import { falseAlarmRates, galleryRates } from './gallery-rates.ts';
import type { GalleryScores } from './gallery-scores.ts';
import { galleryThreshold } from './gallery-threshold.ts';
import { MetricsError } from './metrics-error.ts';
import { normalDeviate, normalTail } from './normal-deviate.ts';
import { seededRandom } from './random.ts';

/** Scores of two probes a person: impostor scores are normal around 0 with a deviation of 0.1. */
function scoresOf(people: number, genuine: (normal: () => number, probe: number) => number): GalleryScores {
  const random = seededRandom('seed', 11);
  const normal = () => normalDeviate(random.next());
  const probes = 2 * people;
  return {
    people,
    person: Uint32Array.from({ length: probes }, (_, probe) => probe >> 1),
    genuine: Float64Array.from({ length: probes }, (_, probe) => genuine(normal, probe)),
    impostor: Float64Array.from({ length: probes * (people - 1) }, () => 0.1 * normal()),
  };
}

const crowd = scoresOf(120, (normal) => 0.4 + 0.1 * normal());

describe('galleryRates', () => {
  it('keeps each rate, at the cost that the distributions imply', () => {
    const [ten] = galleryRates(crowd, [10]);
    expect(ten!.rates.map(({ falseAlarms }) => falseAlarms)).toEqual([0.1, 0.03, 0.01, 0.003]);
    for (const { falseAlarms, threshold, missed } of ten!.rates) {
      // P(the best of 10 impostors reaches it) is the rate.
      const expected = -0.1 * normalDeviate(-Math.expm1(Math.log1p(-falseAlarms) / 10));
      expect(Math.abs(threshold - expected)).toBeLessThan(0.012);
      expect(Math.abs(missed - normalTail((0.4 - threshold) / 0.1))).toBeLessThan(0.06);
      expect(threshold).toBe(galleryThreshold(crowd, 10, { falseAlarmRate: falseAlarms }));
    }
  });

  it('asks for higher thresholds, which miss more, at lower rates and in larger galleries', () => {
    const found = galleryRates(crowd, [1, 10, 100], [0.01, 0.1, 0.03, 0.1]);
    expect(found.map(({ people }) => people)).toEqual([1, 10, 100]);
    for (const { rates } of found) {
      const thresholds = rates.map(({ threshold }) => threshold);
      expect(thresholds).toEqual([...thresholds].sort((a, b) => a - b));
      const missed = rates.map((rate) => rate.missed);
      expect(missed).toEqual([...missed].sort((a, b) => a - b));
      expect(rates[0]!.falseAlarms).toBe(0.1);
    }
    const atTenPercent = found.map(({ rates }) => rates[0]!.threshold);
    expect(atTenPercent[2]! - atTenPercent[0]!).toBeGreaterThan(0.1);
  });

  it('counts probes below the threshold, and those nearer to somebody else', () => {
    // 3 of each 10 probes are lost at any threshold above 0.2; no impostor comes near the others.
    const clear = scoresOf(100, (_, probe) => (probe % 10 < 3 ? 0.2 : 0.95));
    const [found] = galleryRates(clear, [10], [0.01]);
    expect(found!.rates[0]!.threshold).toBeGreaterThan(0.25);
    expect(found!.rates[0]!.missed).toBeCloseTo(0.3, 9);
    // One impostor in ten is above 1.3 deviations, so it is nearer than the own template in a gallery of two.
    const [one, two] = galleryRates(
      scoresOf(100, () => 0.13),
      [1, 2],
      [0.5],
    );
    expect(one!.rates[0]!.missed).toBe(0);
    expect(Math.abs(two!.rates[0]!.missed - 0.097)).toBeLessThan(0.02);
  });

  it('leaves out rates at which no pair of these people is expected', () => {
    const few = scoresOf(20, (normal) => 0.4 + 0.1 * normal());
    // 190 pairs of people; 1 % of them are 1.9, and 0.3 % are 0.6.
    const rates = galleryRates(few, [1, 10, 100]).map((size) => size.rates.map((rate) => rate.falseAlarms));
    expect(rates).toEqual([[0.1, 0.03, 0.01], [0.1], []]);
    expect(galleryRates(few, [1], [1e-6])).toEqual([{ people: 1, rates: [] }]);
  });

  it('gives no rate that no cosine keeps', () => {
    const scores = { ...crowd, impostor: new Float64Array(crowd.impostor.length).fill(1) };
    expect(galleryRates(scores, [10])).toEqual([{ people: 10, rates: [] }]);
  });

  it('estimates five rates by default', () => {
    expect(falseAlarmRates).toEqual([0.1, 0.03, 0.01, 0.003, 0.001]);
  });

  it('rejects options out of range', () => {
    for (const call of [
      () => galleryRates(crowd, []),
      () => galleryRates(crowd, [0]),
      () => galleryRates(crowd, [1.5]),
      () => galleryRates(crowd, [10], []),
      () => galleryRates(crowd, [10], [0]),
      () => galleryRates(crowd, [10], [1]),
      () => galleryRates({ ...crowd, genuine: new Float64Array(0) }, [10]),
    ]) {
      expect(call).toThrow(MetricsError);
    }
  });
});
