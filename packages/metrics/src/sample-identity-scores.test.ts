import { describe, expect, it } from 'vitest';
import { identityThresholds, MetricsError, pairSimilarities, sampleIdentityScores } from './index.ts';

/** Two images of identity 0, three of 1, one of 2. In the plane, so that cosines are known. */
const angles = [0, 0.1, 2, 2.1, 2.3, 4];
const labels = [10, 10, 11, 11, 11, 12];
const embeddings = angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]);
const cosine = (i: number, j: number) => pairSimilarities(embeddings, 2, [i, j])[0]!;

describe('sampleIdentityScores', () => {
  it('draws one positive and one image of each other identity', () => {
    for (let seed = 0; seed < 20; seed++) {
      const scores = sampleIdentityScores(embeddings, labels, 2, { seed, blockRows: 2 });
      expect([...scores.rows]).toEqual([0, 1, 2, 3, 4]);
      expect([...scores.labels]).toEqual([10, 10, 11, 11, 11]);
      // Two images have only each other.
      expect(scores.positives[0]).toBeCloseTo(cosine(0, 1), 6);
      const partners = [3, 4].map((other) => cosine(2, other));
      expect(Math.min(...partners.map((value) => Math.abs(value - scores.positives[2]!)))).toBeLessThan(1e-6);
      // Both images of 10 have the same negative of 11; 12 has only one image.
      const candidates = [2, 3, 4].map((other) =>
        [0, 1].map((image) => Math.max(cosine(image, other), cosine(image, 5))),
      );
      const match = candidates.some(([first, second]) => {
        return (
          Math.abs(first! - scores.hardestNegatives[0]!) < 1e-6 &&
          Math.abs(second! - scores.hardestNegatives[1]!) < 1e-6
        );
      });
      expect(match).toBe(true);
    }
  });

  it('draws different pairs for different seeds and the same for one seed', () => {
    const draw = (seed: number) => sampleIdentityScores(embeddings, labels, 2, { seed });
    expect(draw(1)).toEqual(draw(1));
    const positives = new Set(Array.from({ length: 20 }, (_, seed) => draw(seed).positives.join()));
    expect(positives.size).toBeGreaterThan(3);
  });

  it('draws the requested number of identities', () => {
    const drawn = Array.from({ length: 20 }, (_, seed) => {
      const { labels: own } = sampleIdentityScores(embeddings, labels, 2, { seed, identities: 1 });
      expect(new Set(own).size).toBe(1);
      return own[0]!;
    });
    expect(new Set(drawn)).toEqual(new Set([10, 11]));
  });

  it('returns the input of identityThresholds', () => {
    const scores = sampleIdentityScores(embeddings, labels, 2);
    const { separable, median } = identityThresholds(
      scores.positives,
      scores.hardestNegatives,
      scores.labels,
    );
    expect(separable).toBe(1);
    expect(median).toBeLessThan(Math.cos(0.3));
  });

  it('rejects invalid input', () => {
    expect(() => sampleIdentityScores(embeddings, labels, 2, { identities: 3 })).toThrow(
      /identities is 3, but only 2 of 3 identities have two images/,
    );
    expect(() => sampleIdentityScores([1, 0, 0, 1], [1, 1], 2)).toThrow(/needs at least two identities/);
    expect(() => sampleIdentityScores([1, 0, 0, 1], [1, 2], 2)).toThrow(/only 0 of 2 identities/);
    expect(() => sampleIdentityScores(embeddings, labels, 2, { identities: 0 })).toThrow(
      /identities must be/,
    );
    const multiply = () => new Float32Array(15).fill(Number.NaN);
    expect(() => sampleIdentityScores(embeddings, labels, 2, { multiply })).toThrow(MetricsError);
  });
});
