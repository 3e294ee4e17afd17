import { expect, it } from 'vitest';
import { intervalOf } from './resample.ts';

it('draws every pair of a kind equally often, whatever share of all pairs the kind has', () => {
  const unbalanced = {
    cosines: Float64Array.of(0, 1, 2, 3, 4),
    isSame: Uint8Array.of(1, 1, 0, 0, 0),
    folds: new Int32Array(5),
  };
  const counts = new Uint32Array(5);
  intervalOf(unbalanced, (drawn) => {
    for (const pair of drawn.cosines) counts[pair]! += 1;
    return 0.5;
  });
  // Some 400 resamples with two pairs of one kind and three of the other, so 400 of each; deviations are below 20.
  for (const count of counts) expect(Math.abs(count - 400)).toBeLessThan(60);
});
