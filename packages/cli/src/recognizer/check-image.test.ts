import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { checkImage } from './check-image.ts';

const photo = () => sharp({ create: { width: 64, height: 48, channels: 3, background: '#345' } });
const formats: Readonly<Record<string, (image: Sharp) => Sharp>> = {
  jpeg: (image) => image.jpeg(),
  png: (image) => image.png(),
  webp: (image) => image.webp(),
  'lossless webp': (image) => image.webp({ lossless: true }),
  avif: (image) => image.avif({ effort: 0 }),
  gif: (image) => image.gif(),
  tiff: (image) => image.tiff(),
};

describe.each(Object.keys(formats))('%s', (format) => {
  it('is refused from its header above the limit, and only then', async () => {
    const bytes = await formats[format]!(photo()).toBuffer();
    expect(checkImage(bytes, 64 * 48)).toBe(null);
    expect(checkImage(bytes, 64 * 48 - 1)).toEqual({
      refused: 'too-many-pixels',
      problem: 'The image has 64 × 48 pixels, more than the limit of 3,071. Send a smaller one.',
    });
  });
});

it('refuses sizes that a header claims, whatever the data', async () => {
  const png = await photo().png().toBuffer();
  png.writeUInt32BE(100_000, 16);
  png.writeUInt32BE(100_000, 20);
  expect(checkImage(png, 50e6)?.refused).toBe('too-many-pixels');
  const jpeg = await photo().jpeg().toBuffer();
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg.writeUInt16BE(65_000, frame + 5);
  jpeg.writeUInt16BE(65_000, frame + 7);
  expect(checkImage(jpeg, 50e6)?.refused).toBe('too-many-pixels');
});

it('refuses an AVIF image that claims fewer pixels than its stream holds', async () => {
  const avif = await photo().avif({ effort: 0 }).toBuffer();
  const size = avif.indexOf('ispe') + 8;
  avif.writeUInt32BE(10, size);
  avif.writeUInt32BE(10, size + 4);
  expect(checkImage(avif, 64 * 48)).toBe(null);
  expect(checkImage(avif, 64 * 48 - 1)).toEqual({
    refused: 'too-many-pixels',
    problem: 'The image has 64 × 48 pixels, more than the limit of 3,071. Send a smaller one.',
  });
});

it('counts the frames of an animation once', async () => {
  const frames = { raw: { width: 4, height: 80, channels: 3, pageHeight: 8 } } as const;
  const gif = await sharp(Buffer.alloc(4 * 80 * 3, 7), frames)
    .gif()
    .toBuffer();
  expect(checkImage(gif, 32)).toBe(null);
  expect(checkImage(gif, 31)?.refused).toBe('too-many-pixels');
});

it.each([
  ['text', Buffer.from('not an image, but long enough')],
  ['nothing', Buffer.alloc(0)],
  ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>')],
  ['PDF', Buffer.from('%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n')],
  ['a PNG file that ends in its header', Buffer.from('89504e470d0a1a0a0000000d4948', 'hex')],
])('refuses %s', (_, bytes) => {
  expect(checkImage(bytes, 50e6)).toMatchObject({
    refused: 'not-an-image',
    problem: expect.stringContaining('Send a photo in one of these formats.'),
  });
});

it('says how to convert HEIC', async () => {
  const avif = await photo().avif({ effort: 0 }).toBuffer();
  const heic = Buffer.from(avif.toString('latin1').replaceAll('avif', 'heic'), 'latin1');
  expect(checkImage(heic, 50e6)).toMatchObject({
    refused: 'not-an-image',
    problem: expect.stringContaining('to JPEG'),
  });
});
