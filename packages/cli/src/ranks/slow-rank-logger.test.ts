import { expect, it } from 'vitest';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { slowRankLogger } from './slow-rank-logger.ts';

/** Returns the lines for reports of rates. */
function linesFor(...reports: readonly (readonly number[])[]): string[] {
  const output = recordOutput();
  const logger = slowRankLogger(['node-1', 'node-2', 'node-3'], output);
  for (const imagesPerSecond of reports)
    void logger.log({ kind: 'ranks', step: 10, epoch: 0, imagesPerSecond });
  return output.lines;
}
const line =
  'rank 1 (node-2) computes 5.23 images/s, the others 10.1: all ranks wait for it in every step. Look what else runs on node-2, or train without it.';

it('names a rank that is slow in two reports in a row, once', () => {
  const slow = [10.12, 5.234, 11];
  expect(linesFor(slow)).toEqual([]);
  expect(linesFor(slow, slow)).toEqual([line]);
  expect(linesFor(slow, slow, slow, slow)).toEqual([line]);
  expect(linesFor([10.12, 5.234], [10.12, 5.234])).toEqual([line]);
});

it('is silent if no rank, another or none twice is slow', () => {
  expect(linesFor([10, 8, 10], [10, 8, 10])).toEqual([]);
  expect(linesFor([10, 5, 10], [10, 10, 5], [10, 5, 10])).toEqual([]);
  expect(linesFor([10, 5, 10], [10, 10, 10], [10, 5, 10])).toEqual([]);
  // A single fast rank does not make the others slow.
  expect(linesFor([10, 10, 30], [10, 10, 30])).toEqual([]);
  expect(linesFor([Number.NaN, 10, Number.NaN], [Number.NaN, 10, Number.NaN])).toEqual([]);
});
