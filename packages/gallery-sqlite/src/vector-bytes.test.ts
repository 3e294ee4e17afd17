import { expect, it } from 'vitest';
import { vectorBytes, vectorOf } from './vector-bytes.ts';

it('vectors survive as bytes, from any place in memory', () => {
  const all = Float32Array.of(9, 1.5, -0.25, 2 ** -149, 7);
  const bytes = vectorBytes(all.subarray(1, 4));
  expect([...bytes]).toEqual([0, 0, 0xc0, 0x3f, 0, 0, 0x80, 0xbe, 1, 0, 0, 0]);
  const shifted = new Uint8Array(1 + bytes.length);
  shifted.set(bytes, 1);
  for (const stored of [bytes, shifted.subarray(1)])
    expect([...vectorOf(stored)]).toEqual([1.5, -0.25, 2 ** -149]);
});
