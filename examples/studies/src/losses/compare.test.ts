import { expect, it } from 'vitest';
import { exampleRun } from './__fixtures__/example-run.ts';
import { groupByLoss, rankCorrelation } from './compare.ts';

it('compares each loss with CosFace of the same seed', () => {
  const runs = [
    exampleRun({ loss: 'cosface', seed: 1 }, 0.9),
    exampleRun({ loss: 'cosface', seed: 2 }, 0.8),
    exampleRun({ loss: 'uss', seed: 1 }, 0.91),
    exampleRun({ loss: 'uss', seed: 2 }, 0.83),
    exampleRun({ loss: 'uss', seed: 3 }, 0.99),
    exampleRun({ loss: 'epl', seed: 1, measured: null, failure: 'diverged' }),
  ];
  const [cosface, uss, epl] = groupByLoss(runs);
  expect(cosface).toMatchObject({ loss: 'cosface', gains: [0, 0] });
  expect(uss!.runs).toHaveLength(3);
  // No CosFace run has seed 3.
  expect(uss!.gains).toHaveLength(2);
  expect(uss!.gains[0]).toBeCloseTo(1, 10);
  expect(uss!.gains[1]).toBeCloseTo(3, 10);
  expect(epl!.gains).toEqual([]);
});

it('correlates ranks', () => {
  expect(rankCorrelation([1, 2, 30], [10, 20, 21])).toBe(1);
  expect(rankCorrelation([1, 2, 3], [5, 4, 1])).toBe(-1);
  // Ranks 0, 1.5, 1.5, 3 and 0, 2, 1, 3: covariance 4.5 of variances 4.5 and 5.
  expect(rankCorrelation([1, 2, 2, 3], [1, 3, 2, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
});
