import { expect, it } from 'vitest';
import { fuzz } from './__fixtures__/fuzz.ts';

// More of it: __fixtures__/run-fuzz.ts.
it('reads damaged files or refuses them with a typed error, quickly and in little memory', async () => {
  const report = await fuzz(10_000, 2024);
  expect(report.bugs).toEqual([]);
  expect(report.refused).toBeGreaterThan(2000);
  expect(report.accepted).toBeGreaterThan(500);
  expect(report.slowest.milliseconds, report.slowest.target).toBeLessThan(1000);
  // Windows, chunks and stray garbage; a length that is believed would be gigabytes.
  expect(report.largest.bytes, report.largest.target).toBeLessThan(2 ** 24);
  expect(Object.keys(report.runs)).toHaveLength(20);
});
