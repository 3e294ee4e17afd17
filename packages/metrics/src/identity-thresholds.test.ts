import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidateThresholds, score } from './__fixtures__/arbitraries.ts';
import { identityThresholds, MetricsError } from './index.ts';

describe('identityThresholds', () => {
  it('returns the interval of eq. 19 for each identity', () => {
    // Identity 4: negatives up to 0.25, positives from 0.75. Identity 9: 0.5 against 0.25, and one image that can be correct.
    const result = identityThresholds([0.75, 0.25, 1, 0.875], [0.25, 0.5, 0.125, 0.375], [4, 9, 4, 9]);
    expect(result.identities).toEqual([
      {
        label: 4,
        images: 2,
        interval: { low: 0.25, high: 0.75 },
        separable: true,
        threshold: 0.5,
        accuracy: 1,
      },
      {
        label: 9,
        images: 2,
        interval: { low: 0.5, high: 0.25 },
        separable: false,
        // The middle of (0.375, 0.875], where one of two images is correct.
        threshold: 0.625,
        accuracy: 0.5,
      },
    ]);
    expect(result.separable).toBe(0.5);
    expect([result.lowerQuartile, result.median, result.upperQuartile]).toEqual([0.53125, 0.5625, 0.59375]);
  });

  it('is defined if no image can be correct', () => {
    const [identity] = identityThresholds([0.25], [0.75], [1]).identities;
    expect(identity).toMatchObject({ threshold: 0.5, accuracy: 0, separable: false });
    // A tie is not correct either.
    expect(identityThresholds([0.5], [0.5], [1]).identities[0]).toMatchObject({
      threshold: 0.5,
      accuracy: 0,
    });
  });

  it('handles an image without negatives', () => {
    const [identity] = identityThresholds([0.5], [Number.NEGATIVE_INFINITY], [1]).identities;
    expect(identity).toMatchObject({ threshold: 0.5, accuracy: 1, separable: true });
  });

  it('is correct for the most images, and for all if eq. 19 says so', () => {
    const image = fc.tuple(score, score, fc.integer({ min: 0, max: 2 }));
    fc.assert(
      fc.property(fc.array(image, { minLength: 1, maxLength: 12 }), (images) => {
        const result = identityThresholds(
          images.map(([positive]) => positive),
          images.map(([, negative]) => negative),
          images.map(([, , label]) => label),
        );
        for (const { label, threshold, accuracy, separable, interval } of result.identities) {
          const own = images.filter(([, , other]) => other === label);
          const share = (t: number) => own.filter(([p, n]) => n < t && t <= p).length / own.length;
          const best = Math.max(...candidateThresholds(own.flatMap(([p, n]) => [n, p])).map(share));
          expect(accuracy).toBe(best);
          expect(share(threshold)).toBe(best);
          expect(separable).toBe(best === 1);
          expect(interval.low).toBe(Math.max(...own.map(([, n]) => n)));
          expect(interval.high).toBe(Math.min(...own.map(([p]) => p)));
        }
      }),
    );
  });

  it('handles images that are never accepted', () => {
    // Identity 1 has no image that is correct at any threshold; identity 2 has one.
    const never = Number.NEGATIVE_INFINITY;
    const result = identityThresholds([never, 0.5, 0.5], [0.1, 0.25, 0.25], [1, 2, 3]);
    expect(result.identities.map(({ threshold }) => threshold)).toEqual([never, 0.375, 0.375]);
    expect([result.lowerQuartile, result.median, result.upperQuartile]).toEqual([never, 0.375, 0.375]);
    expect(identityThresholds([never, never], [0, 0], [1, 2]).median).toBe(never);
  });

  it('rejects invalid input', () => {
    expect(() => identityThresholds([], [], [])).toThrow(/positives is empty/);
    expect(() => identityThresholds([1], [1, 2], [0])).toThrow(/hardestNegatives has 2/);
    expect(() => identityThresholds([1], [0], [0, 1])).toThrow(/labels has 2/);
    expect(() => identityThresholds([1], [Number.NaN], [0])).toThrow(MetricsError);
  });
});
