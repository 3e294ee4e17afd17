import { expect, it } from 'vitest';
import type { EmbeddingRows } from '../model/embeddings.ts';
import { measureIdentityThresholds } from './report-sections.ts';
import { measureUniform } from './uniform-accuracy.ts';

function embeddingsOf(angles: readonly number[]): EmbeddingRows {
  const values = Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
  return { values, size: 2, row: (index) => values.subarray(2 * index, 2 * index + 2) };
}

it('compares each image with the means of all classes, without itself in its own', () => {
  // Class 0 at 0 and 0.2, class 1 at 1 and 1.4, and one image of a third class, which is compared but not classified.
  const found = measureUniform(embeddingsOf([0, 0.2, 1, 1.4, 3]), [0, 0, 1, 1, 7], { threshold: 0.8 })!;
  expect(found).toMatchObject({ pictures: 4, classes: 3, sampleWise: 1, classWise: 1, uniform: 1 });
  // Own classes have cos 0.2 = 0.98 and cos 0.4 = 0.92. The nearest other class is 1 rad against the mean at 0.1: cos 0.9 = 0.62.
  expect(found.bestThreshold).toBeGreaterThan(Math.cos(0.9));
  expect(found.bestThreshold).toBeLessThan(Math.cos(0.4));
  expect(found.atThreshold).toBe(1);
  const strict = measureUniform(embeddingsOf([0, 0.2, 1, 1.4, 3]), [0, 0, 1, 1, 7], { threshold: 0.95 })!;
  expect(strict.atThreshold).toBe(0.5);
});

it('needs a class with two images and another class', () => {
  expect(measureUniform(embeddingsOf([0, 1]), [0, 1], { threshold: 0.5 })).toBeNull();
  expect(measureUniform(embeddingsOf([0, 1]), [3, 3], { threshold: 0.5 })).toBeNull();
  expect(measureIdentityThresholds(embeddingsOf([0, 1]), [0, 1])).toBeNull();
  expect(measureIdentityThresholds(embeddingsOf([0, 0.1, 2]), [0, 0, 1])?.identities).toHaveLength(1);
});
