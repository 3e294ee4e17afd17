import { ConfigError, checkChoice, checkNumber, DataError } from '@openset/core';
import { type PixelImage, toChannels } from './pixel-image.ts';
import { resizeImage } from './resize.ts';

/** Options of `decodeImage`. */
export interface DecodeOptions {
  /** Height of the result in pixels; required unless `fit` is `'none'`. */
  readonly height?: number;
  /** Width of the result in pixels; required unless `fit` is `'none'`. */
  readonly width?: number;
  /** 3 (default): red, green, blue. 1: grey. */
  readonly channels?: 1 | 3;
  /**
   * `'cover'` (default) keeps the aspect ratio and crops the edges; `'fill'` stretches; `'none'` does not resize, and
   * rejects images that differ from a given `height` or `width`.
   */
  readonly fit?: 'cover' | 'fill' | 'none';
  /**
   * `'ignore'` (default) returns pixels in the order of the file; `'exif'` turns and mirrors the image upright by the
   * EXIF orientation that cameras store. All sizes are then those of the upright image.
   */
  readonly orientation?: 'exif' | 'ignore';
  /** Limit on the number of pixels; larger images are rejected before decoding. Default 2^26 (8192 × 8192). */
  readonly maxPixels?: number;
  /** Name of the file in messages. */
  readonly origin?: string;
}

/** `DecodeOptions` with every default filled in. */
export interface ResolvedDecodeOptions extends Required<Omit<DecodeOptions, 'height' | 'width'>> {
  readonly height: number | undefined;
  readonly width: number | undefined;
}

/** Decodes the bytes of a file to pixels; throws DataError for files that it cannot decode. */
export type ImageDecoder = (bytes: Uint8Array, options: ResolvedDecodeOptions) => Promise<PixelImage>;

/**
 * Fills in the defaults.
 * @throws ConfigError for options out of range
 */
export function resolveDecodeOptions(options: DecodeOptions = {}): ResolvedDecodeOptions {
  const { height, width, channels = 3, fit = 'cover', maxPixels = 2 ** 26, origin = 'image' } = options;
  const { orientation = 'ignore' } = options;
  checkChoice('decodeImage: fit', fit, ['cover', 'fill', 'none']);
  checkChoice('decodeImage: orientation', orientation, ['exif', 'ignore']);
  if (channels !== 1 && channels !== 3) {
    throw new ConfigError(`decodeImage: channels must be 1 or 3, but is ${String(channels)}.`);
  }
  checkNumber('decodeImage: maxPixels', maxPixels, { minimum: 1 });
  for (const [name, value] of Object.entries({ height, width })) {
    if (value !== undefined || fit !== 'none') {
      checkNumber(`decodeImage: ${name}`, value as number, { minimum: 1, maximum: 32_768, integer: true });
    }
  }
  return { height, width, channels, fit, orientation, maxPixels, origin };
}

/** Converts decoded pixels to the size and the channels that the options request. */
export function fitImage(image: PixelImage, options: ResolvedDecodeOptions): PixelImage {
  const { height, width, channels, fit } = options;
  if (fit !== 'none' && height !== undefined && width !== undefined) {
    return resizeImage(toChannels(image, channels), { height, width, fit });
  }
  checkNaturalSize(image, options);
  return toChannels(image, channels);
}

/**
 * Checks the size of an image that is not resized.
 * @throws DataError if it differs from the requested size
 */
export function checkNaturalSize(
  image: { readonly height: number; readonly width: number },
  { height = image.height, width = image.width, origin }: ResolvedDecodeOptions,
): void {
  if (image.height === height && image.width === width) return;
  throw new DataError(
    `${origin}: the image has ${image.height} × ${image.width} pixels, expected ${height} × ${width}.`,
    { advice: { option: 'fit', text: "To resize, use fit: 'cover' or 'fill'." } },
  );
}

/**
 * Checks the number of pixels.
 * @throws DataError if the image has no pixels, or more than the options allow
 */
export function checkPixelCount(
  { height, width }: { readonly height: number; readonly width: number },
  { maxPixels, origin }: ResolvedDecodeOptions,
): void {
  if (height * width < 1)
    throw new DataError(`${origin}: ${height} × ${width} pixels; the image is empty or damaged.`);
  if (height * width <= maxPixels) return;
  throw new DataError(
    `${origin}: the image has ${height} × ${width} pixels, more than the limit of ${maxPixels}.`,
    { advice: { option: 'maxPixels', text: 'Raise maxPixels if the file is genuine.' } },
  );
}

/** Converts what a decoder threw to a DataError that names the file. */
export function toDecodeError(origin: string, reason: unknown): DataError {
  if (reason instanceof DataError) return reason;
  const text = shortReason(reason instanceof Error ? reason.message : String(reason));
  return new DataError(`${origin}: cannot decode the image: ${text}`, { cause: reason });
}

/** Returns the first and the last line of a decoder's message: libvips lists every attempt, one a line. */
export function shortReason(message: string): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  return [...new Set([lines[0], lines.at(-1)])].join('; ');
}
