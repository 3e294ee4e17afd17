import { describe, expect, it } from 'vitest';
import { galleryThreshold } from './gallery-threshold.ts';
import { MetricsError } from './metrics-error.ts';
import { normalDeviate } from './normal-deviate.ts';
import { seededRandom } from './random.ts';

/** Normally distributed scores with this mean and deviation. */
function normalScores(count: number, mean: number, deviation: number, seed: number): Float64Array {
  const random = seededRandom('seed', seed);
  return Float64Array.from({ length: count }, () => mean + deviation * normalDeviate(random.next()));
}

/** Shares of right answers of a search among `people` at a threshold, with 2000 fresh probes of each kind. */
function simulate(people: number, threshold: number): { accuracy: number; falseAlarms: number } {
  const genuine = normalScores(2000, 0.6, 0.1, 91);
  const random = seededRandom('seed', 92);
  // The best of several independent scores, by the inverse of its distribution.
  const best = Array.from({ length: 4000 }, () => 0.1 * normalDeviate(random.next() ** (1 / people)));
  const found = genuine.filter((score, probe) => score >= threshold && score > best[probe]!).length / 2000;
  const falseAlarms = best.slice(2000).filter((score) => score >= threshold).length / 2000;
  return { accuracy: (found + 1 - falseAlarms) / 2, falseAlarms };
}

const scores = { genuine: normalScores(150, 0.6, 0.1, 1), impostor: normalScores(6000, 0, 0.1, 2) };

describe('galleryThreshold', () => {
  it.each([1, 10, 100, 10_000])('is as accurate as the best threshold for a gallery of %i', (people) => {
    const threshold = galleryThreshold(scores, people)!;
    const grid = Array.from({ length: 20 }, (_, step) => simulate(people, 0.1 + 0.02 * step).accuracy);
    expect(Math.max(...grid) - simulate(people, threshold).accuracy).toBeLessThan(0.015);
  });

  it.each([1, 10, 300])('keeps a rate of false alarms of 5 percent in a gallery of %i', (people) => {
    const { falseAlarms } = simulate(people, galleryThreshold(scores, people, { falseAlarmRate: 0.05 })!);
    expect(falseAlarms).toBeGreaterThan(0.02);
    expect(falseAlarms).toBeLessThan(0.1);
  });

  it('extrapolates normally distributed scores to galleries and rates beyond the data', () => {
    // P(one impostor reaches it) = 1 − 0.99^(1/10000), six times rarer than one in all the scores.
    const expected = -0.1 * normalDeviate(-Math.expm1(Math.log(0.99) / 10_000));
    expect(galleryThreshold(scores, 10_000, { falseAlarmRate: 0.01 })).toBeCloseTo(expected, 1);
  });

  it('rises with the gallery, and falls with the rate of false alarms', () => {
    const bySize = [1, 2, 10, 100, 1000, 100_000].map((people) => galleryThreshold(scores, people)!);
    expect(bySize).toEqual([...bySize].sort((a, b) => a - b));
    expect(new Set(bySize).size).toBe(6);
    const byRate = [0.5, 0.1, 0.01, 0.001].map(
      (falseAlarmRate) => galleryThreshold(scores, 20, { falseAlarmRate })!,
    );
    expect(byRate).toEqual([...byRate].sort((a, b) => a - b));
  });

  it('knows that some probes are similar to everybody', () => {
    // One probe in ten has impostor scores around 0.3, not 0: pooled, its scores look like a heavy tail.
    const random = seededRandom('seed', 5);
    const locations = Array.from({ length: 300 }, (_, probe) => (probe % 10 === 0 ? 0.3 : 0));
    const impostor = Float64Array.from(
      locations.flatMap((location) =>
        Array.from({ length: 60 }, () => location + 0.08 * normalDeviate(random.next())),
      ),
    );
    const threshold = galleryThreshold({ genuine: normalScores(300, 0.6, 0.05, 6), impostor }, 1000, {
      falseAlarmRate: 0.05,
    })!;
    const strangers = Array.from(
      { length: 4000 },
      (_, probe) => (probe % 10 === 0 ? 0.3 : 0) + 0.08 * normalDeviate(random.next() ** (1 / 1000)),
    );
    const falseAlarms = strangers.filter((score) => score >= threshold).length / 4000;
    expect(falseAlarms).toBeGreaterThan(0.03);
    expect(falseAlarms).toBeLessThan(0.07);
  });

  it('stays a cosine, and works on a handful of scores', () => {
    const few = { genuine: Float64Array.of(0.9, 0.95), impostor: Float64Array.of(0.1, 0.5, 0.8, 0.85) };
    const threshold = galleryThreshold(few, 1e9, { falseAlarmRate: 1e-6 })!;
    expect(threshold).toBeLessThanOrEqual(1);
    expect(threshold).toBeGreaterThan(0.85);
    const equal = { genuine: Float64Array.of(0.9), impostor: Float64Array.of(0.2, 0.2) };
    expect(galleryThreshold(equal, 100, { falseAlarmRate: 0.01 })).toBeCloseTo(0.2, 9);
    expect(galleryThreshold(equal, 100)).toBeCloseTo(0.2, 9);
  });

  it('is null if people match others better than themselves', () => {
    const turned = { genuine: scores.impostor.slice(0, 150), impostor: scores.genuine };
    expect(galleryThreshold(turned, 1)).toBeNull();
  });

  it.each<[string, () => unknown, string]>([
    ['an empty gallery', () => galleryThreshold(scores, 0), 'people must be a whole number of at least 1'],
    [
      'no genuine scores',
      () => galleryThreshold({ ...scores, genuine: new Float64Array() }, 1),
      'genuine is empty',
    ],
    [
      'no impostor scores',
      () => galleryThreshold({ ...scores, impostor: new Float64Array() }, 1),
      'impostor is empty',
    ],
    [
      'a score that is no number',
      () => galleryThreshold({ ...scores, impostor: scores.impostor.map(() => Number.NaN) }, 1),
      'impostor[0] is NaN',
    ],
    [
      'a genuine score that is no number',
      () => galleryThreshold({ ...scores, genuine: Float64Array.of(Number.NaN) }, 1),
      'genuine[0] is NaN',
    ],
    [
      'impostor scores that fill no rows',
      () => galleryThreshold({ ...scores, impostor: scores.impostor.slice(1) }, 1),
      'impostor has 5999 scores, but needs the same number for each of the 150 genuine scores',
    ],
    [
      'a rate of 0',
      () => galleryThreshold(scores, 1, { falseAlarmRate: 0 }),
      'above 0 and below 1, but is 0',
    ],
    [
      'a rate of 1',
      () => galleryThreshold(scores, 1, { falseAlarmRate: 1 }),
      'above 0 and below 1, but is 1',
    ],
  ])('rejects %s', (_, call, message) => {
    expect(call).toThrow(MetricsError);
    expect(call).toThrow(message);
  });
});
