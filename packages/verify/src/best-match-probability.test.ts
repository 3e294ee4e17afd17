import { randomNumbers } from '@openset/core';
import { normalDeviate } from '@openset/metrics';
import { expect, it } from 'vitest';
import { bestMatchProbability } from './best-match-probability.ts';

/**
 * Cosines of the same person are normal around 0.6, those of others around 0.1, both with this deviation. Then the evidence is
 * exactly `slope · cosine + offset`.
 */
const deviation = 0.12;
const curve = {
  slope: -(0.6 - 0.1) / deviation ** 2,
  offset: (0.6 ** 2 - 0.1 ** 2) / (2 * deviation ** 2),
};

/** Searches of which half show somebody in the gallery, with the probability and whether the best match is right. */
function search(people: number, count: number, seed: number) {
  const random = randomNumbers(seed);
  const draw = (mean: number) => mean + deviation * normalDeviate(random());
  return Array.from({ length: count }, (_, probe) => {
    const isEnrolled = probe % 2 === 0;
    const cosines = Array.from({ length: people }, (_, person) =>
      draw(isEnrolled && person === 0 ? 0.6 : 0.1),
    );
    const best = cosines.indexOf(Math.max(...cosines));
    return { probability: bestMatchProbability(curve, cosines), isRight: isEnrolled && best === 0 };
  });
}

it.each([1, 10, 100])('is the share of right best matches in galleries of %i', (people) => {
  const searches = search(people, 6000, people);
  const edges = [0, 0.1, 0.4, 0.7, 0.95, 1.000001];
  for (let bin = 0; bin < 5; bin++) {
    const members = searches.filter(
      ({ probability }) => probability >= edges[bin]! && probability < edges[bin + 1]!,
    );
    expect(members.length).toBeGreaterThan(60);
    const mean = members.reduce((sum, { probability }) => sum + probability, 0) / members.length;
    const right = members.filter(({ isRight }) => isRight).length / members.length;
    // Three standard errors.
    expect(Math.abs(mean - right)).toBeLessThan(3 * Math.sqrt((mean * (1 - mean)) / members.length) + 0.003);
  }
});

it('has the prior 1 : G', () => {
  const neutral = { slope: -10, offset: 5 };
  // Cosines of 0.5 are no evidence: nobody has one half, each person an equal part of the other half.
  expect(bestMatchProbability(neutral, [0.5])).toBeCloseTo(1 / 2, 12);
  expect(bestMatchProbability(neutral, [0.5, 0.5, 0.5, 0.5])).toBeCloseTo(1 / 8, 12);
  // Evidence of e^5 for one of two, and of e^-5 for the other.
  const expected = Math.exp(5) / (2 + Math.exp(5) + Math.exp(-5));
  expect(bestMatchProbability(neutral, [0, 1])).toBeCloseTo(expected, 12);
  // Two people who look alike share the probability.
  expect(bestMatchProbability(neutral, [1, 1])).toBeLessThan(0.5);
});

it('is finite for steep curves, and rejects what is no search', () => {
  const steep = { slope: -5000, offset: 1000 };
  expect(bestMatchProbability(steep, [1, -1])).toBe(1);
  expect(bestMatchProbability(steep, [-1, -1])).toBe(0);
  expect(() => bestMatchProbability(curve, [])).toThrow('at least one person');
  expect(() => bestMatchProbability(curve, [Number.NaN])).toThrow('cosine');
});

it('counts people beyond the cosines as ones without evidence', () => {
  const neutral = { slope: -10, offset: 5 };
  // Evidence of e^5 for one of 100 people.
  expect(bestMatchProbability(neutral, [1], 100)).toBeCloseTo(Math.exp(5) / (100 + Math.exp(5)), 12);
  expect(bestMatchProbability(neutral, [1, -40], 2)).toBeCloseTo(bestMatchProbability(neutral, [1], 2), 12);
  expect(() => bestMatchProbability(neutral, [1, 1], 1)).toThrow('people');
  expect(() => bestMatchProbability(neutral, [1], 1.5)).toThrow('people');
});
