import { operatingPointInconsistency } from '@openset/metrics';
import { expect, it } from 'vitest';
import { randomPeople } from '../strangers/__fixtures__/random-people.ts';
import type { FaceImages } from '../strangers/face-set.ts';
import { measureLoss } from './measure.ts';

const { values, size, labels } = randomPeople(30, 0.5);
const first = labels.indexOf(20);

// The first 20 people are those of the training folder; the pairs are of the other ten.
function facesOf(pairs: readonly number[]): FaceImages {
  const isSame = Uint8Array.from({ length: pairs.length / 2 }, (_, pair) =>
    labels[pairs[2 * pair]!] === labels[pairs[2 * pair + 1]!] ? 1 : 0,
  );
  const train = { size: first } as FaceImages['train'];
  return { train, others: train, labels, trainPeople: 20, pairs: Uint32Array.from(pairs), isSame };
}

const strangers = Array.from({ length: labels.length - first - 1 }, (_, index) => first + index);
const pairs = [
  ...strangers.flatMap((row) => [row, row + 1]),
  ...strangers.slice(5).flatMap((row) => [row, row - 5]),
];
const held = [0, 1, 2, 3, 4, 5, 6, 7];
const learned = { cosine: 0.99, between: 'embeddings' } as const;

it('judges the best, the calibrated and the learned threshold, and the consistency over the people of the pairs', () => {
  const faces = facesOf(pairs);
  const measured = measureLoss(faces, { embeddings: { values, size, labels }, learned, held });
  expect(measured.best.accuracy).toBeGreaterThan(0.9);
  expect(measured.calibrated.accuracy.estimate).toBeLessThanOrEqual(measured.best.accuracy);
  expect(measured.calibrated.threshold).toBeGreaterThan(0.2);
  expect(measured.learned).toMatchObject({ threshold: 0.99, between: 'embeddings' });
  // At so high a threshold, only pairs of different people are judged right.
  const different = faces.isSame.filter((same) => same === 0).length;
  expect(measured.learned!.accuracy.estimate).toBeGreaterThanOrEqual(different / faces.isSame.length - 1e-9);
  expect(measured.learned!.accuracy.estimate).toBeLessThan(measured.calibrated.accuracy.estimate);
  const own = operatingPointInconsistency(values.subarray(first * size), labels.subarray(first), size);
  expect(measured.inconsistency).toBe(own.score);
  expect(measured.consistencyPeople).toBe(10);
});

it('ignores people who are neither held out nor in the pairs', () => {
  const changed = values.slice();
  for (let row = labels.indexOf(8); row < first; row++) changed.fill(0, row * size, (row + 1) * size);
  const options = { learned: null, held };
  const measured = measureLoss(facesOf(pairs), { embeddings: { values: changed, size, labels }, ...options });
  expect(measured).toEqual(measureLoss(facesOf(pairs), { embeddings: { values, size, labels }, ...options }));
  expect(measured.learned).toBeNull();
  expect(measured.priorShift).toBeNull();
});

it('rejects embeddings that are not finite', () => {
  const broken = values.slice();
  broken[first * size] = Number.NaN;
  const embeddings = { values: broken, size, labels };
  expect(() => measureLoss(facesOf(pairs), { embeddings, learned: null, held })).toThrow(/finite/);
});
