import { DataError } from '@openset/core';
import { expect, it } from 'vitest';
import { decodeMessage, encodeMessage, maximumBytes } from './wire-format.ts';

it('encodes fields as protobuf does', () => {
  const attribute = { name: 'axis', i: -1, f: 1, s: Uint8Array.of(65), ints: [1, 300], type: 2 };
  expect([...encodeMessage('Attribute', attribute)]).toEqual([
    ...[1 * 8 + 2, 4, 97, 120, 105, 115],
    // 1 as float32, lowest byte first
    ...[2 * 8 + 5, 0, 0, 128, 63],
    // −1 in 64 bits, 7 bits a byte
    ...[3 * 8 + 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    ...[4 * 8 + 2, 1, 65],
    // a field for each number, because proto2 does not pack; 300 = 2 · 128 + 44
    ...[8 * 8 + 0, 1, 8 * 8 + 0, 128 + 44, 2],
    // field 20 needs two bytes: 160 = 128 + 32
    ...[128 + 32, 1, 2],
  ]);
  expect(decodeMessage('Attribute', encodeMessage('Attribute', attribute))).toEqual(attribute);
});

it('skips unknown fields and reads packed numbers', () => {
  // name (1) = 'a'; ints (8) packed: 1, 300; an unknown field 30 of each wire type
  const bytes = Uint8Array.of(
    ...[10, 1, 97],
    ...[66, 3, 1, 172, 2],
    ...[0xf0, 1, 5, 0xf2, 1, 2, 7, 7, 0xf5, 1, 1, 2, 3, 4, 0xf1, 1, 1, 2, 3, 4, 5, 6, 7, 8],
  );
  expect(decodeMessage('Attribute', bytes)).toEqual({ name: 'a', ints: [1, 300] });
});

it.each([
  ['a truncated string', [10, 5, 97]],
  ['a truncated number', [24, 255]],
  ['a wrong wire type', [8, 1]],
  ['a field without a number', [2, 0]],
])('refuses %s', (_, bytes) => {
  expect(() => decodeMessage('Attribute', Uint8Array.from(bytes))).toThrow(DataError);
});

it('rejects a nested message that exceeds its length', () => {
  // opsetImport (8) of 2 bytes, whose domain (1) says 3
  expect(() => decodeMessage('ModelHeader', Uint8Array.of(66, 2, 10, 3, 97, 97, 97))).toThrow(
    'a OperatorSetId ends at byte',
  );
});

it('rejects models that are too large for protobuf before it allocates memory', () => {
  // Untouched zeros take no memory.
  const rawData = new Uint8Array(2 ** 29);
  const tensor = { name: 'w', dataType: 1, dims: [2 ** 27], rawData };
  const graph = { name: 'g', node: [], initializer: [tensor, tensor, tensor, tensor], input: [], output: [] };
  expect(() => encodeMessage('Model', { graph })).toThrow(DataError);
  expect(() => encodeMessage('Model', { graph })).toThrow(`protobuf message has at most ${maximumBytes}`);
});
