import { expect, it } from 'vitest';
import { bmpFile } from './__fixtures__/bmp-file.ts';
import { decodeBmp, readBmpSize } from './bmp.ts';

const [red, green, blue, grey] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [9, 9, 9],
] as const;
const palette = [grey, red, green, blue];
/** Two columns, three rows, from the top. */
const rows = [
  [red, green],
  [blue, grey],
  [grey, grey],
].flat();

const decode = (content: Parameters<typeof bmpFile>[0]) => {
  const { data, height, width, channels } = decodeBmp(bmpFile(content));
  expect([height, width, channels]).toEqual([Math.abs(content.height), content.width, 3]);
  return [...data];
};
/** Values of colours in bit fields. */
const words = (bytes: number, ...values: number[]) =>
  values.flatMap((value) => Array.from({ length: bytes }, (_, index) => (value >>> (8 * index)) & 255));

it.each([40, 108, 124])(
  'reads 24 and 32 bits with a header of %i bytes, from bottom or top',
  (headerLength) => {
    const base = { width: 2, headerLength };
    const lines24 = [
      [9, 9, 9, 9, 9, 9, 0, 0],
      [255, 0, 0, 9, 9, 9, 0, 0],
      [0, 0, 255, 0, 255, 0, 0, 0],
    ];
    expect(decode({ ...base, height: 3, depth: 24, pixels: lines24.flat() })).toEqual(rows.flat());
    const down = { ...base, height: -3, depth: 24, pixels: [...lines24].reverse().flat() };
    expect(decode(down)).toEqual(rows.flat());
    // The fourth byte is transparency or nothing.
    const pixels = [9, 9, 9, 0, 9, 9, 9, 1, 255, 0, 0, 2, 9, 9, 9, 3, 0, 0, 255, 0, 0, 255, 0, 255];
    expect(decode({ ...base, height: 3, depth: 32, pixels })).toEqual(rows.flat());
  },
);

it('reads palettes of 1, 2, 4 and 8 bits, and that of OS/2', () => {
  const colours = (...indices: number[]) => indices.flatMap((index) => palette[index]!);
  const base = { palette, height: -1 };
  expect(decode({ ...base, width: 9, depth: 1, pixels: [0b10110000, 0b10000000, 0, 0] })).toEqual(
    colours(1, 0, 1, 1, 0, 0, 0, 0, 1),
  );
  expect(decode({ ...base, width: 5, depth: 2, pixels: [0b00011011, 0b10000000, 0, 0] })).toEqual(
    colours(0, 1, 2, 3, 2),
  );
  expect(decode({ ...base, width: 3, depth: 4, pixels: [0x31, 0x20, 0, 0] })).toEqual(colours(3, 1, 2));
  expect(decode({ ...base, width: 3, depth: 8, pixels: [1, 3, 0, 0] })).toEqual(colours(1, 3, 0));
  const old = { palette, width: 3, height: 1, depth: 8, pixels: [1, 3, 0, 0], headerLength: 12 };
  expect(decode(old)).toEqual(colours(1, 3, 0));
  // Beyond the palette: black.
  expect(decode({ ...base, width: 1, depth: 8, pixels: [200, 0, 0, 0] })).toEqual([0, 0, 0]);
});

it('reads bit fields, scaled to 0–255', () => {
  // Five bits each without masks: 31, 16 and 1.
  const five = (31 << 10) | (16 << 5) | 1;
  expect(decode({ width: 2, height: 1, depth: 16, pixels: words(2, five, 0) })).toEqual([
    255, 132, 8, 0, 0, 0,
  ]);
  const six = { compression: 3, masks: [0xf800, 0x7e0, 0x1f] };
  const value = (1 << 11) | (63 << 5) | 31;
  expect(decode({ width: 1, height: 1, depth: 16, pixels: words(4, value), ...six })).toEqual([8, 255, 255]);
  const wide = { compression: 6, masks: [0xff000000, 0xff0000, 0xff00, 0xff] };
  for (const headerLength of [40, 108]) {
    const content = { width: 1, height: 1, depth: 32, pixels: words(4, 0xc8966400), ...wide, headerLength };
    expect(decode(content)).toEqual([200, 150, 100]);
  }
});

it('reads run lengths, with jumps and literal pixels', () => {
  const colours = (...indices: number[]) => indices.flatMap((index) => palette[index]!);
  // From the bottom: two of colour 1, end of row; literal 3 2 1 with padding, end of row; a jump by 1, one of colour 2.
  const pixels = [2, 1, 0, 0, 0, 3, 3, 2, 1, 0, 0, 0, 0, 2, 1, 0, 1, 2, 0, 1];
  const expected = [colours(0, 2, 0), colours(3, 2, 1), colours(1, 1, 0)].flat();
  expect(decode({ width: 3, height: 3, depth: 8, compression: 1, palette, pixels })).toEqual(expected);
  // Four bits: three pixels 1 2 1; literal 3 2 1 in two bytes.
  const half = [3, 0x12, 0, 0, 0, 3, 0x32, 0x10, 0, 1];
  const halves = [colours(3, 2, 1), colours(1, 2, 1)].flat();
  expect(decode({ width: 3, height: 2, depth: 4, compression: 2, palette, pixels: half })).toEqual(halves);
});

it('refuses what is damaged or no bitmap, by name', () => {
  const content = { width: 2, height: 2, depth: 24, pixels: [1, 2, 3, 4, 5, 6, 0, 0, 1] };
  expect(() => decodeBmp(bmpFile(content))).toThrow('truncated: 9 of 14 bytes');
  expect(() => decodeBmp(bmpFile({ ...content, compression: 4 }))).toThrow(
    "the compression 'JPEG' is unsupported",
  );
  expect(() => decodeBmp(bmpFile({ ...content, depth: 48 }))).toThrow('48 bits per pixel is unsupported');
  const runs = { width: 2, height: 2, depth: 8, compression: 1, pixels: [2, 1, 0, 0] };
  expect(() => decodeBmp(bmpFile(runs))).toThrow('truncated');
  expect(readBmpSize(new DataView(new TextEncoder().encode('BMW is a maker of cars.').buffer))).toBeNull();
});
