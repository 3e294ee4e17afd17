import { expect } from 'vitest';
import { type ParallelResult, relativeDifference } from './parallel-run.ts';

/** Expects that ranks have logged the same numbers, and have trained what one process has, up to the order of float32 sums. */
export function expectSame(alone: ParallelResult, results: readonly ParallelResult[]): void {
  for (const { numbers } of results) expect(numbers).toEqual(results[0]!.numbers);
  const differenceOf = (part: 'backbone' | 'loss' | 'optimizer') =>
    relativeDifference(alone, results[0]!, part);
  expect(differenceOf('backbone')).toBeLessThan(1e-5);
  expect(differenceOf('loss')).toBeLessThan(1e-5);
  // Momentum of gradients that cancel each other has fewer exact digits.
  expect(differenceOf('optimizer')).toBeLessThan(1e-4);
  if (alone.threshold === null) expect(results[0]!.threshold).toBeNull();
  else expect(Math.abs(results[0]!.threshold! - alone.threshold)).toBeLessThan(1e-6);
}
