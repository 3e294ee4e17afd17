import sharp from 'sharp';
import { expect, it } from 'vitest';
import { decodeGif, readGifSize } from './gif.ts';

const colours = [9, 9, 9, 255, 0, 0, 0, 255, 0, 0, 0, 255];
/** A GIF file with a screen, a palette of four colours, and one image of 2 × 2 pixels. */
function gif(
  options: { screen?: [number, number]; at?: [number, number]; flags?: number; data?: number[] } = {},
) {
  const { screen = [2, 2], at = [0, 0], flags = 0, data = lzw(1, 0, 2, 1) } = options;
  return Uint8Array.from([
    ...Buffer.from('GIF89a'),
    ...[screen[0], 0, screen[1], 0, 0x81, 0, 0, ...colours],
    // Colour 1 is transparent; a comment.
    ...[0x21, 0xf9, 4, 1, 0, 0, 1, 0, 0x21, 0xfe, 2, 65, 66, 0],
    ...[0x2c, at[0], 0, at[1], 0, 2, 0, 2, 0, flags, ...data, 0x3b],
  ]);
}
/** Compresses indices below 4, with a clear code before each so that codes keep three bits. */
function lzw(...indices: number[]): number[] {
  const codes = [...indices.flatMap((index) => [4, index]), 5];
  let bits = 0n;
  codes.forEach((code, index) => {
    bits |= BigInt(code) << BigInt(3 * index);
  });
  const bytes = Array.from({ length: Math.ceil((codes.length * 3) / 8) }, (_, index) =>
    Number((bits >> BigInt(8 * index)) & 255n),
  );
  return [2, bytes.length, ...bytes, 0];
}

it('gives transparent pixels their colour', () => {
  const image = decodeGif(gif());
  expect(image).toEqual({
    data: Uint8Array.of(255, 0, 0, 9, 9, 9, 0, 255, 0, 255, 0, 0),
    height: 2,
    width: 2,
    channels: 3,
  });
});

it('places the image on the screen, and enlarges a screen that is too small', () => {
  const placed = decodeGif(gif({ screen: [3, 3], at: [1, 1] }));
  expect([...placed.data.filter((_, index) => index % 3 === 1)]).toEqual([0, 0, 0, 0, 0, 9, 0, 255, 0]);
  const file = gif({ screen: [1, 0] });
  expect(readGifSize(new DataView(file.buffer))).toEqual({ height: 2, width: 2 });
  expect(decodeGif(file).data).toEqual(decodeGif(gif()).data);
});

it('decodes like libnsgif: full tables, all code lengths, interlaced, the first of several images', async () => {
  const [height, width] = [90, 151];
  const noise = Buffer.alloc(height * width * 3).map(
    (_, index) => (Math.imul(index, 2654435761) >>> 24) & 0xf8,
  );
  const raw = sharp(noise, { raw: { height, width, channels: 3 } });
  for (const options of [{}, { progressive: true }, { colours: 2 }, { colours: 9 }]) {
    const file = await raw
      .clone()
      .gif({ effort: 1, ...options })
      .toBuffer();
    expect(decodeGif(new Uint8Array(file)).data).toEqual(
      new Uint8Array(await sharp(file).removeAlpha().raw().toBuffer()),
    );
  }
  const pages = sharp(noise, { raw: { height, width, channels: 3, pageHeight: 45 } });
  const animated = await pages.gif({ effort: 1 }).toBuffer();
  const first = await sharp(animated).removeAlpha().raw().toBuffer();
  expect(decodeGif(new Uint8Array(animated)).data).toEqual(new Uint8Array(first));
});

it('refuses damage', () => {
  expect(() => decodeGif(gif({ data: lzw(1, 0, 2) }))).toThrow('truncated');
  expect(() => decodeGif(gif({ data: [2, 1, 4, 0] }))).toThrow('truncated');
  expect(() => decodeGif(gif({ data: [12, 1, 4, 0] }))).toThrow('damaged');
  // A code that is not defined yet.
  expect(() => decodeGif(gif({ data: [2, 2, 0b00_111_100, 0, 0] }))).toThrow('damaged');
});
