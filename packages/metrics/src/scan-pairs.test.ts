import { expect, it } from 'vitest';
import { MetricsError, plainBlockProduct } from './index.ts';
import { type PairScan, scanPairs } from './scan-pairs.ts';

/** Rows of one number each, so that scores identify their pair. */
const primes = new Float32Array([2, 3, 5, 7, 11]);
const base: PairScan = { caller: 'test', a: primes, size: 1, multiply: plainBlockProduct, blockRows: 2 };

function visited(scan: PairScan): string[] {
  const found: string[] = [];
  scanPairs(scan, (scores, start, end, row, firstColumn) => {
    for (let index = start; index < end; index++) {
      found.push(`${row},${firstColumn + index - start}=${scores[index]}`);
    }
  });
  return found.sort();
}

it.each([1, 2, 3, 5, 100])('visits each pair within a set once, in blocks of %i', (blockRows) => {
  expect(visited({ ...base, a: primes.slice(0, 4), blockRows })).toEqual([
    '0,1=6',
    '0,2=10',
    '0,3=14',
    '1,2=15',
    '1,3=21',
    '2,3=35',
  ]);
});

it.each([1, 2, 3, 100])('visits each pair of two sets once, in blocks of %i', (blockRows) => {
  const b = new Float32Array([1, 10, 100]);
  const expected = [...primes].flatMap((x, row) => [...b].map((y, column) => `${row},${column}=${x * y}`));
  expect(visited({ ...base, b, blockRows })).toEqual(expected.sort());
});

it('skips blocks', () => {
  const b = new Float32Array([1, 10, 100]);
  expect(visited({ ...base, b, skip: (row, _, column) => row < 4 || column < 2 })).toEqual(['4,2=1100']);
});

it('has no pairs within one row', () => {
  expect(visited({ ...base, a: primes.slice(0, 1) })).toEqual([]);
});

it('rejects a product of the wrong length and an invalid block size', () => {
  const multiply = () => new Float32Array(3);
  expect(() => visited({ ...base, multiply })).toThrow(
    /result of multiply has 3 elements.*2 × 2 rows requires 4/,
  );
  expect(() => visited({ ...base, blockRows: 0 })).toThrow(MetricsError);
});
