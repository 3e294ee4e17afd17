import { expect, it } from 'vitest';
import { randomPeople } from '../strangers/__fixtures__/random-people.ts';
import { measureTrust } from './measure.ts';
import { trustPage } from './page.ts';

it('judges estimates of some people on others, and shows them', () => {
  const embeddings = randomPeople(260, 0.7);
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
