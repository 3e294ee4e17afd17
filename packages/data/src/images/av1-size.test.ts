import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readAv1Sizes } from './av1-size.ts';

/** Returns bytes of bits, spaces ignored. */
function bytesOf(bits: string): number[] {
  const padded = bits.replaceAll(' ', '');
  return (padded.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
}

/** Returns a sequence header as part of a stream, with its length. */
function sequence(bits: string): number[] {
  const bytes = bytesOf(bits);
  return [0x0a, bytes.length, ...bytes];
}

/** 4 bits of width and of height, 10 × 7 pixels. */
const size = '0011 0011 1001 0110';
const budget = () => ({ left: 100 });
const read = (...bytes: number[]) => readAv1Sizes(Uint8Array.from(bytes), budget());

it.each([
  ['a still image', `000 1 1 00000 ${size}`],
  ['no times, one operating point', `000 0 0 0 0 00000 ${'0'.repeat(12)} 00101 ${size}`],
  [
    'a high level with a tier, two points',
    `001 0 0 0 0 00001 ${'0'.repeat(12)} 01000 1 ${'1'.repeat(12)} 00111 ${size}`,
  ],
  ['display delays', `000 0 0 0 1 00001 ${'0'.repeat(12)} 00000 1 1111 ${'0'.repeat(12)} 00000 0 ${size}`],
  ['times', `000 0 0 1 ${'10'.repeat(32)} 0 0 0 00000 ${'0'.repeat(12)} 00000 ${size}`],
  ['equal times', `000 0 0 1 ${'10'.repeat(32)} 1 00110 0 0 00000 ${'0'.repeat(12)} 00000 ${size}`],
  [
    'a decoder model of 3 bits',
    `000 0 0 1 ${'0'.repeat(64)} 0 1 00010 ${'1'.repeat(42)} 0 00000 ${'0'.repeat(12)} 00000 1 101 110 1 ${size}`,
  ],
])('reads the size of a sequence header: %s', (_, bits) => {
  expect(read(...sequence(bits))).toEqual([{ width: 10, height: 7 }]);
});

it('reads the largest size that 16 bits hold', () => {
  expect(read(...sequence(`000 1 1 00000 1111 1111 ${'1'.repeat(32)}`))).toEqual([
    { width: 65_536, height: 65_536 },
  ]);
});

it('finds all headers, after other parts, with extensions, and without lengths', () => {
  const header = sequence(`000 1 1 00000 ${size}`);
  const content = header.slice(2);
  const found = { width: 10, height: 7 };
  // A temporal delimiter; a header with an extension; a length of two bytes; a last part without a length.
  expect(read(0x12, 0, ...header, 0x0e, 0, content.length, ...content)).toEqual([found, found]);
  expect(read(0x7a, 0x82, 0x00, 1, 1, ...header)).toEqual([found]);
  expect(read(...header, 0x08, ...content)).toEqual([found, found]);
});

it('finds nothing in a header that ends early, and stops at a length that does not end', () => {
  const header = sequence(`000 1 1 00000 ${size}`);
  expect(read(...header.slice(0, -1))).toEqual([]);
  expect(read(0x12, 0x80, 0x80)).toEqual([]);
  expect(read()).toEqual([]);
});

it('refuses more parts than the budget, over all streams', () => {
  const parts = Uint8Array.from([0x12, 0, 0x12, 0, 0x12, 0]);
  const shared = { left: 5 };
  expect(readAv1Sizes(parts, shared)).toEqual([]);
  expect(shared.left).toBe(2);
  expect(() => readAv1Sizes(parts, shared)).toThrow(RangeError);
});

it('reads any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      for (const { width, height } of readAv1Sizes(bytes, budget())) {
        expect(Math.min(width, height)).toBeGreaterThanOrEqual(1);
        expect(Math.max(width, height)).toBeLessThanOrEqual(65_536);
      }
    }),
  );
});
