import type sharp from 'sharp';
import { orientImage } from '../orient-image.ts';
import { type PixelImage, toChannels } from '../pixel-image.ts';
import { resizeImage } from '../resize.ts';
import { tiffTags } from '../tiff-directory.ts';
import { pngFile } from './png-file.ts';
import { asSharp } from './sample-images.ts';

/** An encoded image on which decoders like to differ, and its pixels. */
export interface TrickyImage {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Pixels in the order of the file, 1 or 3 channels; missing where only decoders know them. */
  readonly pixels?: PixelImage;
  readonly orientation: number;
  /** Largest difference of two decoders, 0 for formats without loss. */
  readonly tolerance: number;
}

const size = { height: 13, width: 21 };
/** Decoders of JPEG round and enlarge chroma differently. */
const jpegTolerance = 4;

/** Returns the set: transparency, palettes, 16 bits, CMYK, every EXIF orientation and every format. */
export async function trickyImages(): Promise<TrickyImage[]> {
  return [...pngImages(), ...(await convertedImages()), ...(await jpegImages()), ...(await turnedImages())];
}

/** Values without order, so that no two pixels are alike: 0 to 255. */
const noise = (x: number, y: number, channel: number) => (x * 89 + y * 151 + channel * 67 + x * y * 7) & 255;
const alphaAt = (x: number, y: number) => [0, 128, 255][(x + y) % 3]!;
/** Smooth values, which JPEG preserves. */
const wave = (x: number, y: number, channel: number) =>
  Math.round(128 + 100 * Math.sin(x / 18 + channel) * Math.cos(y / 15 - channel));

function image(channels: number, valueAt: (x: number, y: number, channel: number) => number): PixelImage {
  const { height, width } = size;
  const data = new Uint8Array(height * width * channels);
  for (let index = 0; index < data.length; index++) {
    const pixel = Math.floor(index / channels);
    data[index] = valueAt(pixel % width, Math.floor(pixel / width), index % channels);
  }
  return { data, height, width, channels };
}

function pngImages(): TrickyImage[] {
  const grey = image(1, noise);
  const colour = image(3, noise);
  const wide = (value: number) => value * 256 + ((value * 31) & 255);
  const found: TrickyImage[] = [];
  for (const isInterlaced of [false, true]) {
    const add = (
      name: string,
      [depth, colourType]: readonly [number, number],
      pixels: PixelImage,
      samples: (x: number, y: number) => number[],
      chunks: Record<string, number[]> = {},
    ) => {
      const bytes = pngFile({ ...size, depth, colourType, isInterlaced, samples, chunks });
      const fullName = `PNG: ${name}${isInterlaced ? ', interlaced' : ''}`;
      found.push({ name: fullName, bytes, pixels, orientation: 1, tolerance: 0 });
    };
    const rgb = (x: number, y: number) => [0, 1, 2].map((channel) => noise(x, y, channel));
    // sharp resizes these, and differs by a level or two where neighbours are alike, as in photographs.
    const waves = (x: number, y: number) => [0, 1, 2].map((channel) => wave(x, y, channel));
    add('colour', [8, 2], image(3, wave), waves);
    add('grey', [8, 0], image(1, wave), (x, y) => [wave(x, y, 0)]);
    add('colour and alpha', [8, 6], colour, (x, y) => [...rgb(x, y), alphaAt(x, y)]);
    add('grey and alpha', [8, 4], grey, (x, y) => [noise(x, y, 0), alphaAt(x, y)]);
    add('16-bit colour', [16, 2], colour, (x, y) => rgb(x, y).map(wide));
    add('16-bit grey', [16, 0], grey, (x, y) => [wide(noise(x, y, 0))]);
    add('16-bit colour and alpha', [16, 6], colour, (x, y) => [...rgb(x, y).map(wide), alphaAt(x, y) * 257]);
    add('16-bit grey and alpha', [16, 4], grey, (x, y) => [wide(noise(x, y, 0)), alphaAt(x, y) * 257]);
    // One colour that is transparent.
    const key = { tRNS: rgb(2, 3).flatMap((value) => [0, value]) };
    add('colour with a transparent one', [8, 2], colour, rgb, key);
    const greyKey = { tRNS: [0, noise(2, 3, 0)] };
    add('grey with a transparent one', [8, 0], grey, (x, y) => [noise(x, y, 0)], greyKey);
    for (const depth of [1, 2, 4]) {
      const largest = 2 ** depth - 1;
      const levels = image(1, (x, y) => ((noise(x, y, 0) & largest) * 255) / largest);
      add(`grey of ${depth} bits`, [depth, 0], levels, (x, y) => [noise(x, y, 0) & largest]);
    }
    for (const depth of [1, 2, 4, 8]) {
      const count = Math.min(2 ** depth, 40);
      const palette = Array.from({ length: count * 3 }, (_, index) => (index * 83 + 11) & 255);
      const transparent = Array.from({ length: count }, (_, index) => [0, 128, 255][index % 3]!);
      const indexAt = (x: number, y: number) => noise(x, y, 0) % count;
      const pixels = image(3, (x, y, channel) => palette[indexAt(x, y) * 3 + channel]!);
      add(`palette of ${depth} bits`, [depth, 3], pixels, (x, y) => [indexAt(x, y)], { PLTE: palette });
      const chunks = { PLTE: palette, tRNS: transparent };
      add(`transparent palette of ${depth} bits`, [depth, 3], pixels, (x, y) => [indexAt(x, y)], chunks);
    }
  }
  return found;
}

async function convertedImages(): Promise<TrickyImage[]> {
  const colour = image(3, noise);
  const withAlpha = image(4, (x, y, channel) => (channel === 3 ? alphaAt(x, y) : noise(x, y, channel)));
  // 40 colours, as many as a palette holds without being rounded.
  const few = image(3, (x, y, channel) => ((noise(x, y, 0) % 40) * 83 + channel * 50) & 255);
  const levels = (depth: number) =>
    image(1, (x, y) => ((noise(x, y, 0) & (2 ** depth - 1)) * 255) / (2 ** depth - 1));
  const smooth = image(3, wave);
  const lossless: [string, sharp.Sharp, PixelImage | undefined][] = [
    ['TIFF: colour', asSharp(smooth).tiff({ compression: 'none' }), smooth],
    ['TIFF: LZW', asSharp(smooth).tiff({ compression: 'lzw', predictor: 'none' }), smooth],
    [
      'TIFF: LZW of differences',
      asSharp(smooth).tiff({ compression: 'lzw', predictor: 'horizontal' }),
      smooth,
    ],
    ['TIFF: deflate', asSharp(smooth).tiff({ compression: 'deflate', predictor: 'horizontal' }), smooth],
    ['TIFF: PackBits', asSharp(smooth).tiff({ compression: 'packbits' }), smooth],
    [
      'TIFF: tiles',
      asSharp(smooth).tiff({ tile: true, tileWidth: 16, tileHeight: 16, compression: 'lzw' }),
      smooth,
    ],
    ['TIFF: grey', asSharp(image(1, wave)).tiff({ compression: 'none' }), image(1, wave)],
    ['TIFF: alpha', asSharp(withAlpha).tiff({ compression: 'lzw' }), colour],
    ['TIFF: 16-bit', asSharp(colour).toColourspace('rgb16').tiff({ compression: 'lzw' }), colour],
    [
      'TIFF: 1 bit',
      asSharp(levels(1)).toColourspace('b-w').tiff({ compression: 'none', bitdepth: 1 }),
      levels(1),
    ],
    [
      'TIFF: 4 bits',
      asSharp(levels(4)).toColourspace('b-w').tiff({ compression: 'lzw', bitdepth: 4, predictor: 'none' }),
      undefined,
    ],
    ['TIFF: CMYK', asSharp(smooth).toColourspace('cmyk').tiff({ compression: 'lzw' }), undefined],
    ['GIF', asSharp(few).gif({ effort: 1, dither: 0 }), undefined],
    ['GIF: interlaced', asSharp(few).gif({ effort: 1, dither: 0, progressive: true }), undefined],
    ['WebP', asSharp(smooth).webp({ lossless: true }), smooth],
    // libwebp replaces the colours of transparent pixels.
    ['WebP: alpha', asSharp(withAlpha).webp({ lossless: true }), undefined],
  ];
  const multiplied = new Uint8Array(await asSharp(withAlpha).tiff({ compression: 'none' }).toBuffer());
  const associated = {
    name: 'TIFF: alpha that multiplies',
    bytes: asAssociated(multiplied),
    orientation: 1,
    tolerance: 1,
  };
  const others = await Promise.all(
    lossless.map(async ([name, pipeline, pixels]) => ({
      name,
      bytes: new Uint8Array(await pipeline.toBuffer()),
      ...(pixels && { pixels }),
      orientation: 1,
      tolerance: 0,
    })),
  );
  return [...others, associated];
}

/** Says in a TIFF file that its colours are multiplied by their transparency. */
function asAssociated(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = view.getUint32(4, true);
  for (let entry = start + 2; view.getUint16(entry, true) <= tiffTags.extraSamples; entry += 12) {
    if (view.getUint16(entry, true) === tiffTags.extraSamples) view.setUint16(entry + 8, 1, true);
  }
  return bytes;
}

async function jpegImages(): Promise<TrickyImage[]> {
  const quality = { quality: 98, chromaSubsampling: '4:4:4' };
  const colour = asSharp(image(3, wave));
  const cmyk = () => colour.clone().toColourspace('cmyk');
  const withAdobe = new Uint8Array(await cmyk().jpeg(quality).toBuffer());
  const files: [string, Uint8Array][] = [
    ['colour', await colour.clone().jpeg(quality).toBuffer()],
    ['grey', await colour.clone().greyscale().jpeg(quality).toBuffer()],
    [
      'progressive',
      await colour
        .clone()
        .jpeg({ ...quality, progressive: true })
        .toBuffer(),
    ],
    ['colour profile', await colour.clone().withIccProfile('p3').jpeg(quality).toBuffer()],
    ['CMYK', withAdobe],
    ['CMYK with a profile', await cmyk().withIccProfile('cmyk').jpeg(quality).toBuffer()],
    ["CMYK without Adobe's segment", withoutSegment(withAdobe, 0xee)],
    ['red, green and blue', asRgbJpeg(await colour.clone().jpeg(quality).toBuffer())],
  ];
  return files.map(([name, bytes]) => ({
    name: `JPEG: ${name}`,
    bytes: new Uint8Array(bytes),
    orientation: 1,
    tolerance: jpegTolerance,
  }));
}

async function turnedImages(): Promise<TrickyImage[]> {
  const smooth = image(3, wave);
  const quality = { quality: 98, chromaSubsampling: '4:4:4' };
  const encoders: Record<string, [PixelImage, (pipeline: sharp.Sharp) => sharp.Sharp]> = {
    JPEG: [smooth, (pipeline) => pipeline.jpeg(quality)],
    PNG: [smooth, (pipeline) => pipeline.png()],
    WebP: [smooth, (pipeline) => pipeline.webp({ lossless: true })],
    TIFF: [smooth, (pipeline) => pipeline.tiff({ compression: 'lzw' })],
  };
  const found: TrickyImage[] = [];
  for (const [format, [pixels, encode]] of Object.entries(encoders)) {
    for (let orientation = 1; orientation <= 8; orientation++) {
      const file = await encode(asSharp(pixels).withMetadata({ orientation })).toBuffer();
      const isJpeg = format === 'JPEG';
      found.push({
        name: `${format}: EXIF orientation ${orientation}`,
        bytes: new Uint8Array(file),
        ...(!isJpeg && { pixels }),
        orientation,
        tolerance: isJpeg ? jpegTolerance : 0,
      });
    }
  }
  return found;
}

/** Removes the segments of a JPEG file with a marker. */
function withoutSegment(bytes: Uint8Array, marker: number): Uint8Array {
  const kept: number[] = [0xff, 0xd8];
  let at = 2;
  while (bytes[at + 1] !== 0xda) {
    const end = at + 2 + bytes[at + 2]! * 256 + bytes[at + 3]!;
    if (bytes[at + 1] !== marker) kept.push(...bytes.subarray(at, end));
    at = end;
  }
  return Uint8Array.from([...kept, ...bytes.subarray(at)]);
}

/** Names the components of a JPEG file R, G and B, which says that they are no luma and chroma. */
function asRgbJpeg(bytes: Uint8Array): Uint8Array {
  const file = withoutSegment(bytes, 0xe0);
  for (let at = 2; file[at + 1] !== undefined; ) {
    const marker = file[at + 1]!;
    const first = at + (marker === 0xda ? 5 : 10);
    const step = marker === 0xda ? 2 : 3;
    if (marker === 0xc0 || marker === 0xda) {
      for (let index = 0; index < 3; index++) file[first + index * step] = 'RGB'.charCodeAt(index);
    }
    if (marker === 0xda) return file;
    at += 2 + file[at + 2]! * 256 + file[at + 3]!;
  }
  throw new Error('The JPEG file has no scan.');
}

/** Sizes at which decoders are compared: that of the file, smaller, larger, and both at once. */
export const compareSizes = [
  { fit: 'none' },
  { fit: 'cover', height: 7, width: 11 },
  { fit: 'fill', height: 7, width: 11 },
  { fit: 'cover', height: 7, width: 30 },
  { fit: 'cover', height: 40, width: 40 },
] as const;

/** Returns the pixels that every decoder should return, with three channels; undefined where only decoders know them. */
export function expectedPixels(
  { pixels, orientation }: TrickyImage,
  options: (typeof compareSizes)[number] & { readonly orientation: 'exif' | 'ignore' },
): PixelImage | undefined {
  if (!pixels) return undefined;
  const upright = orientImage(toChannels(pixels, 3), options.orientation === 'exif' ? orientation : 1);
  return options.fit === 'none' ? upright : resizeImage(upright, options);
}
