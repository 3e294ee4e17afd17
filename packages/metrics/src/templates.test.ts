import { describe, expect, it } from 'vitest';
import { MetricsError, tarAtFar, templateEmbeddings, templateVerification } from './index.ts';

const images = {
  // Template 7: two frames of medium 1 and one image of medium 2; template 3: one image.
  embeddings: [3, 0, 1, 0, 0, 2, 5, 5],
  templateIds: [7, 7, 7, 3],
  mediaIds: [1, 1, 2, 1],
  size: 2,
};
const close = (found: ArrayLike<number>, expected: number[]) => {
  expect(found).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 14);
};

describe('templateEmbeddings', () => {
  it('averages the frames of a medium, adds the media, and normalises', () => {
    // Template 7: mean (2, 0) + (0, 2).
    const { templateIds, embeddings } = templateEmbeddings(images);
    expect(templateIds).toEqual([7, 3]);
    close(embeddings, [Math.SQRT1_2, Math.SQRT1_2, Math.SQRT1_2, Math.SQRT1_2]);
  });

  it('adds mirrored images and weights by the detector before it normalises', () => {
    // Sums (3, 0), (1, 4), (0, 2), (5, 5); weighted by 0.5, 1, 0.75: (1.5, 0), (1, 4), (0, 1.5).
    // Mean (1.25, 2) + (0, 1.5) = (1.25, 3.5).
    const { embeddings } = templateEmbeddings({
      ...images,
      mirrored: [0, 0, 0, 4, 0, 0, 0, 0],
      detectorScores: [0.5, 1, 0.75, 0.9],
    });
    const length = Math.hypot(1.25, 3.5);
    close(embeddings, [1.25 / length, 3.5 / length, Math.SQRT1_2, Math.SQRT1_2]);
  });

  it('distinguishes equal media ids of different templates', () => {
    const { embeddings } = templateEmbeddings({ ...images, mediaIds: [1, 2, 3, 1] });
    const length = Math.hypot(4, 2);
    close(embeddings, [4 / length, 2 / length, Math.SQRT1_2, Math.SQRT1_2]);
  });

  it('rejects invalid input', () => {
    expect(() => templateEmbeddings({ ...images, mediaIds: [1] })).toThrow(/mediaIds has 1 element,/);
    expect(() => templateEmbeddings({ ...images, detectorScores: [1, 1] })).toThrow(/detectorScores has 2/);
    expect(() => templateEmbeddings({ ...images, mirrored: [Number.NaN, 0, 0, 0, 0, 0, 0, 0] })).toThrow(
      /mirrored\[0\] is NaN/,
    );
    expect(() => templateEmbeddings({ ...images, detectorScores: [0, 0, 0, 1] })).toThrow(
      /sum of template 7 has length 0/,
    );
    expect(() => templateEmbeddings({ ...images, embeddings: [1, 2, 3] })).toThrow(MetricsError);
  });
});

describe('templateVerification', () => {
  const templates = {
    templateIds: [10, 20, 30],
    embeddings: new Float64Array([1, 0, 0.6, 0.8, 0, 1]),
    size: 2,
  };
  const [pairs, isSame] = [
    [10, 20, 30, 20, 10, 30, 30, 30],
    [1, 0, 0, 1],
  ];

  it('returns cosines of pairs and points by the nearest rule', () => {
    const { similarities, points } = templateVerification(templates, pairs, isSame, [0.3, 0.1]);
    expect([...similarities]).toEqual([0.6, 0.8, 0, 1]);
    expect(points).toEqual([
      { tar: 1, far: 0.5, threshold: 0.6 },
      { tar: 0.5, far: 0, threshold: 1 },
    ]);
    expect(points[0]).toEqual(tarAtFar(similarities, isSame, 0.3, { rule: 'nearest' }));
    const strict = templateVerification(templates, pairs, isSame, [0.3], { rule: 'conservative' });
    expect(strict.points).toEqual([{ tar: 0.5, far: 0, threshold: 1 }]);
  });

  it('rejects invalid input', () => {
    expect(() => templateVerification(templates, [10, 99], [1], [0.1])).toThrow(
      /pairs\[1\] is template 99, which has no images/,
    );
    expect(() => templateVerification(templates, [10], [1], [0.1])).toThrow(/pairs has 1 element,/);
    expect(() => templateVerification(templates, [10, 20], [1], [0.1])).toThrow(MetricsError);
  });
});
