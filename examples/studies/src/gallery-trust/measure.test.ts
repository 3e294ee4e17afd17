import { randomNumbers } from '@openset/core';
import { expect, it } from 'vitest';
import { measureTrust } from './measure.ts';
import { trustPage } from './page.ts';

/** Two or three images of each person, close to a random direction. */
function drawPeople(count: number, spread: number) {
  const random = randomNumbers(1);
  const size = 16;
  const labels = Array.from({ length: count }, (_, person) => Array(2 + (person % 2)).fill(person)).flat();
  const centres = Array.from({ length: count * size }, () => random() - 0.5);
  const values = Float32Array.from(
    labels.flatMap((person) =>
      Array.from({ length: size }, (_, k) => centres[person * size + k]! + spread * (random() - 0.5)),
    ),
  );
  return { values, size, labels: Int32Array.from(labels) };
}

it('judges estimates of some people on others, and shows them', () => {
  const embeddings = drawPeople(260, 0.7);
  const sizes = [10, 50, 100].map((size) => ({ size, draws: 1 }));
  const run = measureTrust(embeddings, 40, 1, sizes);
  expect(run.galleries.map(({ size }) => size)).toEqual([10, 50, 100]);
  expect(run.pairs.rate).toBeGreaterThan(0);
  expect(run.pairs.rate).toBeLessThan(0.05);
  for (const { estimated, stated, searchCurve, pairCurve } of run.galleries) {
    expect(estimated.lost).toBeGreaterThanOrEqual(0);
    expect(estimated.lost).toBeLessThan(0.1);
    expect(stated.bound).toBeGreaterThan(stated.falseAlarms);
    for (const error of [searchCurve, pairCurve]) {
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(0.4);
    }
  }
  const [small, , large] = run.galleries;
  expect([small!.line, small!.nearest]).toEqual([null, null]);
  expect(large!.line!.falseAlarms).toBeLessThan(large!.nearest!.falseAlarms);
  const page = trustPage({ runs: [run], command: 'c', machine: 'm', images: 650, people: 260 });
  expect(page).toContain('| 40 | 100 |');
  expect(page).not.toMatch(/NaN|undefined|Infinity/);
});
