import { expect, it } from 'vitest';
import { scorePeople } from './people-pairs.ts';

function embeddingsOf(angles: readonly number[]) {
  const values = Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
  return { values, size: 2, row: (index: number) => values.subarray(2 * index, 2 * index + 2) };
}

it('pairs all images, with the people on them', () => {
  const { pairs, people, cosines, isSame } = scorePeople(embeddingsOf([0, 0.1, 1, 1.5]), [7, 7, 2, 2]);
  expect([...pairs]).toEqual([0, 1, 2, 3, 0, 2, 0, 3, 1, 2, 1, 3]);
  expect([...people!]).toEqual([7, 7, 2, 2, 7, 2, 7, 2, 7, 2, 7, 2]);
  expect([...isSame]).toEqual([1, 1, 0, 0, 0, 0]);
  expect(cosines[0]).toBeCloseTo(Math.cos(0.1), 6);
  expect(cosines[5]).toBeCloseTo(Math.cos(1.4), 6);
});

it('takes evenly spaced images of a person with many, and a part of many pairs', () => {
  const labels = [...Array(100).fill(0), 1, 1];
  const { pairs, isSame } = scorePeople(embeddingsOf(labels.map((_, row) => row / 100)), labels, {
    imagesPerPerson: 4,
  });
  expect([...pairs.slice(0, 12)]).toEqual([0, 25, 0, 50, 0, 75, 25, 50, 25, 75, 50, 75]);
  expect([isSame.filter((same) => same).length, isSame.length]).toEqual([7, 15]);
  const part = scorePeople(embeddingsOf(labels.map((_, row) => row / 100)), labels, { maximum: 5 });
  expect(part.isSame.filter((same) => !same)).toHaveLength(5);
});
