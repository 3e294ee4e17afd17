import { ConfigError, checkChoice } from '@openset/core';
import type Sharp from 'sharp';
import { decodeAnywhere } from './decode-image.ts';
import {
  checkPixelCount,
  type DecodeOptions,
  damaged,
  fitImage,
  type ImageDecoder,
  type ResolvedDecodeOptions,
  resolveDecodeOptions,
} from './decode-options.ts';
import { readImageHeader } from './image-header.ts';
import type { PixelImage } from './pixel-image.ts';

/** How images are decoded in Node. */
export interface NodeDecoderOptions {
  /** `'auto'` (default) takes the package sharp if it is installed, else JavaScript (JPEG and PNG only). */
  readonly decoder?: 'auto' | 'sharp' | 'javascript';
  /**
   * From which kind of damage on sharp refuses a file: `'warning'` (default) refuses everything that libvips warns of,
   * `'error'` and `'truncated'` less, `'none'` takes whatever can be decoded. JavaScript refuses all damage.
   */
  readonly failOn?: 'none' | 'truncated' | 'error' | 'warning';
}

/**
 * The decoder that the options ask for.
 * @throws ConfigError if sharp is asked for and not installed
 */
export async function nodeDecoder(options: NodeDecoderOptions = {}): Promise<ImageDecoder> {
  const { decoder = 'auto', failOn = 'warning' } = options;
  checkChoice('decoder', decoder, ['auto', 'sharp', 'javascript']);
  checkChoice('failOn', failOn, ['none', 'truncated', 'error', 'warning']);
  const sharp = decoder === 'javascript' ? null : await findSharp(decoder === 'sharp');
  if (!sharp) return decodeAnywhere;
  return (bytes, decodeOptions) => decodeWithSharp(sharp, failOn, bytes, decodeOptions);
}

/**
 * Decodes an encoded image with sharp where it is installed (JPEG, PNG, WebP, GIF, AVIF, TIFF), else with JavaScript
 * (JPEG and PNG).
 *
 * An alpha channel is dropped, 16-bit values keep their upper byte, colour profiles and the orientation in EXIF data
 * are not applied.
 *
 * @param bytes the whole file
 * @returns uint8 pixels, `[height, width, channels]`
 * @throws DataError with the origin if the file is damaged or has more than `maxPixels`; ConfigError for options out
 *   of their range, or if sharp is asked for and not installed
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeOptions & NodeDecoderOptions = {},
): Promise<PixelImage> {
  const decode = await nodeDecoder(options);
  return decode(bytes, resolveDecodeOptions(options));
}

let found: Promise<typeof Sharp> | undefined;

async function findSharp(required: boolean): Promise<typeof Sharp | null> {
  found ??= import('sharp').then(({ default: sharp }) => {
    // Each image is seen once, and images are decoded side by side instead of each by several threads.
    sharp.cache(false);
    sharp.concurrency(1);
    return sharp;
  });
  try {
    return await found;
  } catch (reason) {
    if (!required) return null;
    throw new ConfigError(`decoder: 'sharp' needs the package: npm install sharp. ${String(reason)}`);
  }
}

async function decodeWithSharp(
  sharp: typeof Sharp,
  failOn: NonNullable<NodeDecoderOptions['failOn']>,
  bytes: Uint8Array,
  options: ResolvedDecodeOptions,
): Promise<PixelImage> {
  const { height, width, fit, maxPixels, origin } = options;
  const header = readImageHeader(bytes);
  if (header) checkPixelCount(header, options);
  try {
    const limitInputPixels = Math.ceil(maxPixels);
    // Pixels as they are stored: no colour profile.
    const pipeline = sharp(bytes, { failOn, limitInputPixels, sequentialRead: true, ignoreIcc: true });
    if (fit !== 'none' && height !== undefined && width !== undefined) {
      // The filter of `resizeImage`, which does the rest: libvips would move what it enlarges by half a pixel.
      const isEnlarged = header && (header.height < height || header.width < width);
      const isKept = header?.height === height && header.width === width;
      if (!isEnlarged && !isKept) pipeline.resize({ height, width, fit, kernel: 'linear' });
    }
    const { data, info } = await pipeline.raw().toBuffer({ resolveWithObject: true });
    const image = {
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
      height: info.height,
      width: info.width,
      channels: info.channels,
    };
    return fitImage(image, options);
  } catch (reason) {
    throw damaged(origin, reason);
  }
}
