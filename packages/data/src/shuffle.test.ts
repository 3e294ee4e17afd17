import { randomNumbers } from '@openset/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shuffle } from './shuffle.ts';

it('shuffle keeps all values', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.nat(), (values, seed) => {
      const shuffled = shuffle([...values], randomNumbers(seed));
      expect(shuffled.sort()).toEqual([...values].sort());
    }),
  );
});
