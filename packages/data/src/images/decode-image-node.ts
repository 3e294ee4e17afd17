import { ConfigError, checkChoice, DataError } from '@openset/core';
import type Sharp from 'sharp';
import { cmykToRgb } from './cmyk.ts';
import { decodeFile } from './decode-file.ts';
import { decodeWithoutSharp } from './decode-image.ts';
import {
  type DecodeOptions,
  type ImageDecoder,
  type ResolvedDecodeOptions,
  resolveDecodeOptions,
  shortReason,
} from './decode-options.ts';
import { hasJpegEnd } from './jpeg-header.ts';
import type { PixelImage } from './pixel-image.ts';
import { hasPngEnd } from './png-header.ts';

/** Decoder options in Node. */
export interface NodeDecoderOptions {
  /** `'auto'` (default) uses the package sharp if it is installed, else JavaScript (JPEG, PNG, BMP, GIF, TIFF). */
  readonly decoder?: 'auto' | 'sharp' | 'javascript';
  /**
   * Strictness of sharp with damaged files: `'warning'` (default) rejects every file that libvips warns about, `'error'`
   * and `'truncated'` reject fewer, `'none'` accepts every file that can be decoded. JavaScript, which always decodes BMP
   * and GIF, rejects all damage.
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
 * Decodes an encoded image of any format that its content shows: JPEG, PNG, WebP, AVIF, TIFF with sharp if it is
 * installed, BMP and the first image of GIF always in JavaScript. Without sharp, JavaScript also decodes JPEG, PNG and
 * the usual kinds of TIFF.
 *
 * Drops an alpha channel, keeps the upper byte of 16-bit values, and ignores colour profiles; ignores the EXIF
 * orientation too unless `orientation` is `'exif'`.
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

function decodeWithSharp(
  sharp: typeof Sharp,
  failOn: NonNullable<NodeDecoderOptions['failOn']>,
  bytes: Uint8Array,
  options: ResolvedDecodeOptions,
): Promise<PixelImage> {
  return decodeFile(bytes, options, async (_, header, { maxPixels, origin }, { height, width, fit }) => {
    // libvips takes the missing end of an interlaced file for black.
    if (failOn !== 'none' && header?.format === 'png' && !hasPngEnd(bytes)) {
      throw damagedFileError(origin, 'the PNG file is truncated');
    }
    const limitInputPixels = Math.ceil(maxPixels);
    // Pixels as stored, without colour profile.
    const pipeline = sharp(bytes, { failOn, limitInputPixels, sequentialRead: true, ignoreIcc: true });
    // Without this, libvips converts with a colour profile of its own.
    if (header?.isCmyk) pipeline.pipelineColourspace('cmyk').toColourspace('cmyk');
    if (fit !== 'none' && height !== undefined && width !== undefined && header?.isOpaque8Bit) {
      // The same filter as `resizeImage`, which does the rest below: libvips shifts enlarged images by half a pixel,
      // multiplies colours by their transparency, and rounds 16-bit values after resizing.
      const isEnlarged = header.height < height || header.width < width;
      const hasRightSize = header.height === height && header.width === width;
      if (!isEnlarged && !hasRightSize) {
        const whole = fit === 'fill' ? { height, width } : coverSize(header, { height, width });
        const crop = { left: (whole.width - width) / 2, top: (whole.height - height) / 2, width, height };
        pipeline.resize({ ...whole, fit: 'fill', kernel: 'linear' });
        if (crop.left > 0 || crop.top > 0) pipeline.extract(crop);
      }
    }
    const { data, info } = await pipeline
      .raw()
      .toBuffer({ resolveWithObject: true })
      .catch((reason: Error) => {
        // sharp may lack the codec of a HEIC file, and of formats that we do not know.
        if (failOn === 'none' || header === null || header.format === 'heic') throw reason;
        throw damagedFileError(origin, damageText(header.format, bytes, reason.message), reason);
      });
    const image = {
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
      height: info.height,
      width: info.width,
      channels: info.channels,
    };
    return header?.isCmyk ? cmykToRgb(image) : image;
  });
}

/** Names the damage. The message of libvips is lost where another image of the process ends at that moment. */
function damageText(format: string, bytes: Uint8Array, message: string): string {
  if (format === 'jpeg' && !hasJpegEnd(bytes)) return 'the JPEG file is truncated';
  // The message of sharp names its own option.
  return message.includes('failOn') ? 'the file is damaged' : shortReason(message);
}

function damagedFileError(origin: string, reason: string, cause?: Error): DataError {
  const text = "failOn: 'none' accepts damaged files that can still be decoded.";
  const message = `${origin}: cannot decode the image: ${reason}`;
  return new DataError(message, { advice: { option: 'failOn', text }, ...(cause ? { cause } : {}) });
}

/**
 * Returns the size of the whole image before it is cropped to a target. It exceeds the target by even numbers, so that
 * the crop is centred, like that of `resizeImage`, whichever way the image is turned.
 */
function coverSize(image: ImageSize, target: ImageSize): ImageSize {
  const scale = Math.max(target.height / image.height, target.width / image.width);
  const nearest = (length: number, cropped: number) =>
    cropped + 2 * Math.round((length * scale - cropped) / 2);
  return { height: nearest(image.height, target.height), width: nearest(image.width, target.width) };
}

interface ImageSize {
  readonly height: number;
  readonly width: number;
}
