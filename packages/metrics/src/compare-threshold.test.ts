import { describe, expect, it } from 'vitest';
import { compareThreshold, MetricsError } from './index.ts';

describe('compareThreshold', () => {
  const [similarities, isSame] = [
    [0.9, 0.7, 0.5, 0.3],
    [1, 1, 0, 0],
  ];

  it('reports the accuracy a threshold loses', () => {
    // At 0.4 one different pair is accepted; (0.5, 0.7] is correct for all pairs.
    const result = compareThreshold(similarities, isSame, 0.4);
    expect(result.accuracyLost).toBe(0.25);
    expect(result.given).toMatchObject({ threshold: 0.4, accuracy: 0.75, far: 0.5, tar: 1 });
    expect(result.best).toMatchObject({ accuracy: 1, far: 0, tar: 1 });
    expect(result.best.threshold).toBeCloseTo(0.6, 12);
    expect(result.bestInterval).toEqual({ low: 0.5, high: 0.7 });
  });

  it('loses nothing within the best interval', () => {
    expect(compareThreshold(similarities, isSame, 0.7).accuracyLost).toBe(0);
    expect(compareThreshold(similarities, isSame, 0.5).accuracyLost).toBe(0.25);
  });

  it('rejects invalid input', () => {
    expect(() => compareThreshold(similarities, isSame, Number.NaN)).toThrow(/threshold must be a number/);
    expect(() => compareThreshold([], [], 0)).toThrow(MetricsError);
  });
});
