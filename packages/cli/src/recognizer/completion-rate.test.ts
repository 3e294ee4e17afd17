import { expect, it } from 'vitest';
import { CompletionRate } from './completion-rate.ts';

it('estimates one second before anything was measured', () => {
  expect(new CompletionRate().secondsFor(100)).toBe(1);
});

it('takes as long for the waiting calls as the last ones took', () => {
  const rate = new CompletionRate();
  for (let call = 0; call < 20; call++) rate.add(500 * call, 10);
  expect(rate.secondsFor(10)).toBe(5);
  expect(rate.secondsFor(1)).toBe(1);
  expect(rate.secondsFor(10_000)).toBe(60);
});

it('ignores the time in which nothing waited', () => {
  const rate = new CompletionRate();
  rate.add(0, 3);
  rate.add(500, 0);
  rate.add(100_000, 3);
  rate.add(100_500, 3);
  expect(rate.secondsFor(10)).toBe(5);
});

it('follows a change of the rate', () => {
  const rate = new CompletionRate();
  for (let call = 0; call < 30; call++) rate.add(100 * call, 10);
  for (let call = 0; call < 30; call++) rate.add(3000 + 1000 * call, 10);
  expect(rate.secondsFor(10)).toBe(10);
});
