import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeVector, encodeVector, vectorLiteral } from './vector-bytes.ts';

const vectors = fc
  .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 40 })
  .map((values) => Float32Array.from(values));

describe('encodeVector', () => {
  it('writes the number of values and float32 in network order', () => {
    expect(encodeVector(Float32Array.of(1, -2)).toString('hex')).toBe('000200003f800000c0000000');
  });

  it('is reversed by decodeVector, bit for bit', () => {
    fc.assert(
      fc.property(vectors, (values) => {
        // A view at an odd place, as in a larger buffer.
        const bytes = Buffer.concat([Buffer.of(0), encodeVector(values)]).subarray(1);
        expect(new Uint32Array(decodeVector(bytes).buffer)).toEqual(new Uint32Array(values.buffer));
      }),
    );
  });
});

describe('vectorLiteral', () => {
  it('holds only numbers, and each of them exactly', () => {
    fc.assert(
      fc.property(vectors, (values) => {
        const text = vectorLiteral(values);
        expect(text).toMatch(/^'\[[-+.,e0-9]+\]'$/);
        const read = text
          .slice(2, -2)
          .split(',')
          .map((part) => Math.fround(Number(part)));
        // A sum has no sign of zero.
        expect(read.map((value) => value + 0)).toEqual([...values].map((value) => value + 0));
      }),
    );
  });
});
