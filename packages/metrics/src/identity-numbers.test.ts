import { expect, it } from 'vitest';
import { numberIdentities } from './identity-numbers.ts';
import { MetricsError } from './index.ts';

it('numbers the labels of all sets together', () => {
  const result = numberIdentities(
    { name: 'a', labels: [7, -1, 7], rows: 3 },
    { name: 'b', labels: [-1, 0.5], rows: 2 },
  );
  expect(result.numbers.map((own) => [...own])).toEqual([
    [0, 1, 0],
    [1, 2],
  ]);
  expect(result.rowCounts.map((own) => [...own])).toEqual([
    [2, 1, 0],
    [0, 1, 1],
  ]);
  expect(result.count).toBe(3);
  expect(result.labels).toEqual([7, -1, 0.5]);
});

it('rejects invalid input', () => {
  expect(() => numberIdentities({ name: 'a', labels: [1], rows: 2 })).toThrow(/a has 1 element,.*rows \(2\)/);
  expect(() => numberIdentities({ name: 'a', labels: [], rows: 0 })).toThrow(/a is empty/);
  expect(() => numberIdentities({ name: 'a', labels: [Number.NaN], rows: 1 })).toThrow(MetricsError);
});
