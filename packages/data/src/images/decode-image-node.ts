import { ConfigError, checkChoice } from '@openset/core';
import type Sharp from 'sharp';
import { decodeWithoutSharp } from './decode-image.ts';
import {
  checkPixelCount,
  type DecodeOptions,
  fitImage,
  type ImageDecoder,
  type ResolvedDecodeOptions,
  resolveDecodeOptions,
  toDecodeError,
} from './decode-options.ts';
import { readImageHeader } from './image-header.ts';
import type { PixelImage } from './pixel-image.ts';

/** Decoder options in Node. */
export interface NodeDecoderOptions {
  /** `'auto'` (default) uses the package sharp if it is installed, else JavaScript (JPEG and PNG only). */
  readonly decoder?: 'auto' | 'sharp' | 'javascript';
  /**
   * Strictness of sharp with damaged files: `'warning'` (default) rejects every file that libvips warns about, `'error'`
   * and `'truncated'` reject fewer, `'none'` accepts every file that can be decoded. JavaScript rejects all damage.
   */
  readonly failOn?: 'none' | 'truncated' | 'error' | 'warning';
}

/**
 * Returns the decoder that the options select.
 * @throws ConfigError for `decoder: 'sharp'` if sharp is not installed
 */
export async function selectNodeDecoder(options: NodeDecoderOptions = {}): Promise<ImageDecoder> {
  const { decoder = 'auto', failOn = 'warning' } = options;
  checkChoice('decoder', decoder, ['auto', 'sharp', 'javascript']);
  checkChoice('failOn', failOn, ['none', 'truncated', 'error', 'warning']);
  const sharp = decoder === 'javascript' ? null : await importSharp(decoder === 'sharp');
  if (!sharp) return decodeWithoutSharp;
  return (bytes, decodeOptions) => decodeWithSharp(sharp, failOn, bytes, decodeOptions);
}

/**
 * Decodes an encoded image with sharp if it is installed (JPEG, PNG, WebP, GIF, AVIF, TIFF), else with JavaScript
 * (JPEG and PNG).
 *
 * Drops an alpha channel and keeps the upper byte of 16-bit values. Ignores colour profiles and the EXIF orientation.
 *
 * @param bytes the whole file
 * @returns uint8 pixels, `[height, width, channels]`
 * @throws DataError with the origin if the file is damaged or has more than `maxPixels`; ConfigError for options out
 *   of range, or for `decoder: 'sharp'` if sharp is not installed
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeOptions & NodeDecoderOptions = {},
): Promise<PixelImage> {
  const decode = await selectNodeDecoder(options);
  return decode(bytes, resolveDecodeOptions(options));
}

let sharpImport: Promise<typeof Sharp> | undefined;

async function importSharp(required: boolean): Promise<typeof Sharp | null> {
  sharpImport ??= import('sharp').then(({ default: sharp }) => {
    // No cache: each image is decoded once. One thread per image: many images are decoded in parallel.
    sharp.cache(false);
    sharp.concurrency(1);
    return sharp;
  });
  try {
    return await sharpImport;
  } catch (reason) {
    if (!required) return null;
    throw new ConfigError(
      `decoder: 'sharp' needs the package sharp. Install it: npm install sharp. (${String(reason)})`,
    );
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
    // Pixels as stored, without colour profile.
    const pipeline = sharp(bytes, { failOn, limitInputPixels, sequentialRead: true, ignoreIcc: true });
    if (fit !== 'none' && height !== undefined && width !== undefined) {
      // The same filter as `resizeImage`, which enlarges images below: libvips shifts enlarged images by half a pixel.
      const isEnlarged = header && (header.height < height || header.width < width);
      const hasRightSize = header?.height === height && header.width === width;
      if (!isEnlarged && !hasRightSize) pipeline.resize({ height, width, fit, kernel: 'linear' });
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
    throw toDecodeError(origin, reason);
  }
}
