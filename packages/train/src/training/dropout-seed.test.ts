import { expect, it } from 'vitest';
import { dropoutSeed } from './dropout-seed.ts';

// Checkpoints hold no masks: a run from an earlier version resumes with these seeds.
it('draws the seeds of earlier versions', () => {
  expect(dropoutSeed(0, 0)).toBe(1173505487);
  expect(dropoutSeed(7, 41)).toBe(1304663440);
});
