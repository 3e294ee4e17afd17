import { DataError, ShapeError } from '@openset/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unitEmbedding } from './embedding-rows.ts';

const normOf = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));

describe('unitEmbedding', () => {
  it('divides by the norm, and copies', () => {
    const given = Float32Array.of(3, 4);
    const unit = unitEmbedding('x', given, 2);
    expect([...unit]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
    expect([...given]).toEqual([3, 4]);
    expect([...unitEmbedding('x', [0, -2], 2)]).toEqual([0, -1]);
  });

  it('keeps an embedding at unit length bit for bit, as a copy', () => {
    const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(values, (list) => {
        fc.pre(list.some((value) => value !== 0));
        const once = unitEmbedding('x', list, list.length);
        expect(Math.abs(normOf(once) - 1)).toBeLessThan(5e-7);
        const twice = unitEmbedding('x', once, list.length);
        expect(twice).not.toBe(once);
        expect(new Uint32Array(twice.buffer)).toEqual(new Uint32Array(once.buffer));
      }),
    );
  });

  it('takes the shortest and the longest float32 vectors', () => {
    for (const scale of [2 ** -149, 1e-30, 1e38]) {
      const [first, second] = unitEmbedding('x', Float32Array.of(scale, scale), 2);
      expect(first).toBeCloseTo(Math.SQRT1_2, 6);
      expect(second).toBe(first);
    }
  });

  it.each<[string, unknown, string]>([
    ['zeros', [0, 0], 'x is all zeros, so it has no direction'],
    ['NaN', [1, Number.NaN], 'x has values that are not finite'],
    ['null, as JSON writes NaN', [1, null], 'x has values that are not finite'],
    ['values that are too large', [1e200, 1e200], 'x has values that are too large'],
    [
      'a tensor',
      { dataSync: () => [] },
      'x must be an array of numbers, as Verifier.embed returns it, but is a tensor: use its data()',
    ],
    ['nothing', undefined, 'but is undefined'],
    ['text', '12', 'but is 12'],
  ])('rejects %s', (_, value, message) => {
    const reject = () => unitEmbedding('x', value as number[], 2);
    expect(reject).toThrow(DataError);
    expect(reject).toThrow(message);
  });

  it('rejects another length', () => {
    expect(() => unitEmbedding('x', [1, 2, 3], 2)).toThrow(ShapeError);
    expect(() => unitEmbedding('x', [], 0)).toThrow('x has length 0, but must have at least 1');
  });
});
