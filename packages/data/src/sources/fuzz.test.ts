import { expect, it } from 'vitest';
import { fuzz } from './__fixtures__/fuzz.ts';

// More of it: __fixtures__/run-fuzz.ts.
it('reads damaged files or refuses them with a typed error, and does so quickly', async () => {
  const report = await fuzz(6000, 2024);
  expect(report.bugs).toEqual([]);
  expect(report.refused).toBeGreaterThan(2000);
  expect(report.accepted).toBeGreaterThan(500);
  expect(report.slowest.milliseconds, report.slowest.target).toBeLessThan(1000);
});
