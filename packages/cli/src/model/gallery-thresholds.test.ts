import { randomNumbers } from '@openset/core';
import { expect, it } from 'vitest';
import { measureGalleryThresholds } from './gallery-thresholds.ts';

/** Embeddings of so many people, two images each. */
function embeddingsOf(people: number, noise: number) {
  const random = randomNumbers(4);
  const size = 16;
  const draw = () => Array.from({ length: size }, () => random() - 0.5);
  const rows = Array.from({ length: people }, draw).flatMap((centre) =>
    [0, 1].map(() => draw().map((value, index) => centre[index]! + noise * value)),
  );
  const values = Float32Array.from(rows.flat());
  const row = (index: number) => values.subarray(size * index, size * (index + 1));
  return { values, size, row };
}

it('grows with the gallery, and needs 20 people with two images', () => {
  const labels = (people: number) => Array.from({ length: 2 * people }, (_, row) => row >> 1);
  const found = measureGalleryThresholds(embeddingsOf(40, 0.5), labels(40))!;
  expect(found.map(({ people }) => people).slice(0, 3)).toEqual([1, 10, 100]);
  for (const [index, { threshold }] of found.entries()) {
    expect(Math.abs(threshold)).toBeLessThanOrEqual(1);
    if (index > 0) expect(threshold).toBeGreaterThanOrEqual(found[index - 1]!.threshold);
  }
  expect(found[2]!.threshold - found[0]!.threshold).toBeGreaterThan(0.05);
  expect(measureGalleryThresholds(embeddingsOf(19, 0.5), labels(19))).toBeNull();
  const single = Array.from({ length: 80 }, (_, row) => row);
  expect(measureGalleryThresholds(embeddingsOf(40, 0.5), single)).toBeNull();
});
