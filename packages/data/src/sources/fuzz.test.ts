import { expect, it } from 'vitest';
import { fuzz } from './__fixtures__/fuzz.ts';

// Longer runs: __fixtures__/run-fuzz.ts.
it('reads damaged files or rejects them with a typed error, quickly and in little memory', async () => {
  const report = await fuzz(10_000, 2024);
  expect(report.bugs).toEqual([]);
  expect(report.rejected).toBeGreaterThan(2000);
  expect(report.accepted).toBeGreaterThan(500);
  expect(report.slowest.milliseconds, report.slowest.target).toBeLessThan(1000);
  // Windows, chunks and uncollected garbage; trusting a damaged length would allocate gigabytes.
  expect(report.largest.bytes, report.largest.target).toBeLessThan(2 ** 24);
  expect(Object.keys(report.runs)).toHaveLength(22);
});
