import { expect, it } from 'vitest';
import { randomPeople } from './__fixtures__/random-people.ts';
import { measureGalleries } from './galleries.ts';
import { pairPeople } from './people-pairs.ts';

it('measures thresholds for galleries of strangers', () => {
  const embeddings = randomPeople(260, 0.6);
  const held = Array.from({ length: 40 }, (_, person) => person);
  const [small, large, ...others] = measureGalleries(embeddings, {
    learned: { cosine: 0.4, between: 'embeddings', scale: 16, comparisons: 20 },
    trained: [40, 41, 42],
    held,
    seed: 1,
  });
  expect([small!.size, large!.size, others]).toEqual([10, 100, []]);
  for (const { rules, rank1 } of [small!, large!]) {
    const best = rules['best in hindsight']!;
    expect(rank1).toBeGreaterThan(0.9);
    for (const judged of Object.values(rules)) expect(judged.accuracy).toBeLessThanOrEqual(best.accuracy);
    expect(best.accuracy - rules['best wrong match']!.accuracy).toBeLessThan(0.05);
    expect(rules['false alarms 1 %']!.threshold).toBeGreaterThan(rules['for pairs']!.threshold);
  }
  expect(large!.rules['best wrong match']!.threshold).toBeGreaterThan(
    small!.rules['best wrong match']!.threshold,
  );
  expect(large!.rules.learned!.threshold).toBe(0.4);
});

it('pairs at most four images of a person', () => {
  const size = 2;
  const labels = Int32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2);
  const values = Float32Array.from({ length: 22 }, (_, index) => (index % 2 ? index : 1));
  const { isSame, people: pairs } = pairPeople({ values, size, labels }, [0, 1]);
  expect(isSame.filter((same) => same)).toHaveLength(6 + 1);
  expect(isSame).toHaveLength(15);
  expect([...pairs]).not.toContain(2);
});
