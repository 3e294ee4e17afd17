import { expect, it } from 'vitest';
import { estimateWithInterval } from './interval.ts';

it('draws all pairs equally often, although one kind is rarer', () => {
  const unbalanced = {
    cosines: Float64Array.of(0, 1, 2, 3, 4),
    isSame: Uint8Array.of(1, 1, 0, 0, 0),
    folds: new Int32Array(5),
  };
  const counts = new Uint32Array(5);
  estimateWithInterval(unbalanced, (drawn) => {
    for (const pair of drawn.cosines) counts[pair]! += 1;
    return 0.5;
  });
  // 400 samples draw each pair about 400 times; the standard deviation is below 20.
  for (const count of counts) expect(Math.abs(count - 400)).toBeLessThan(60);
});
