import { ConfigError, checkChoice, checkNumber, DataError } from '@openset/core';
import { type PixelImage, toChannels } from './pixel-image.ts';
import { resizeImage } from './resize.ts';

/** Options of `decodeImage`. */
export interface DecodeOptions {
  /** Height of the result in pixels; needed unless `fit` is `'none'`. */
  readonly height?: number;
  /** Width of the result in pixels; needed unless `fit` is `'none'`. */
  readonly width?: number;
  /** 3 (default): red, green, blue. 1: grey. */
  readonly channels?: 1 | 3;
  /**
   * `'cover'` (default) keeps the proportions and cuts off the edges; `'fill'` stretches; `'none'` leaves the size as
   * it is, and where `height` or `width` is given refuses images of another.
   */
  readonly fit?: 'cover' | 'fill' | 'none';
  /** Images of more pixels are refused before they are decoded; default 2^26 (8192 × 8192). */
  readonly maxPixels?: number;
  /** Where the bytes come from, for messages. */
  readonly origin?: string;
}

/** `DecodeOptions` with every default filled in. */
export interface ResolvedDecodeOptions extends Required<Omit<DecodeOptions, 'height' | 'width'>> {
  readonly height: number | undefined;
  readonly width: number | undefined;
}

/** A function that turns the bytes of a file into pixels; throws DataError for files that it cannot decode. */
export type ImageDecoder = (bytes: Uint8Array, options: ResolvedDecodeOptions) => Promise<PixelImage>;

/**
 * Fills in the defaults.
 * @throws ConfigError for options out of their range
 */
export function resolveDecodeOptions(options: DecodeOptions = {}): ResolvedDecodeOptions {
  const { height, width, channels = 3, fit = 'cover', maxPixels = 2 ** 26, origin = 'image' } = options;
  checkChoice('decodeImage: fit', fit, ['cover', 'fill', 'none']);
  if (channels !== 1 && channels !== 3) {
    throw new ConfigError(`decodeImage: channels must be 1 or 3, but is ${String(channels)}.`);
  }
  checkNumber('decodeImage: maxPixels', maxPixels, { minimum: 1 });
  for (const [name, value] of Object.entries({ height, width })) {
    if (value !== undefined || fit !== 'none') {
      checkNumber(`decodeImage: ${name}`, value as number, { minimum: 1, maximum: 32_768, integer: true });
    }
  }
  return { height, width, channels, fit, maxPixels, origin };
}

/** Brings decoded pixels of any size and number of channels to what the options ask for. */
export function fitImage(image: PixelImage, options: ResolvedDecodeOptions): PixelImage {
  const { height, width, channels, fit } = options;
  if (fit !== 'none' && height !== undefined && width !== undefined) {
    return resizeImage(toChannels(image, channels), { height, width, fit });
  }
  checkNaturalSize(image, options);
  return toChannels(image, channels);
}

/** @throws DataError for an image that was not to be resized and does not have the size asked for */
export function checkNaturalSize(
  image: { readonly height: number; readonly width: number },
  { height = image.height, width = image.width, origin }: ResolvedDecodeOptions,
): void {
  if (image.height === height && image.width === width) return;
  throw new DataError(
    `${origin}: ${image.height} × ${image.width} pixels, but ${height} × ${width} were expected; ` +
      `fit: 'cover' or 'fill' resizes.`,
  );
}

/** @throws DataError if there are more pixels than the options allow, or none */
export function checkPixelCount(
  { height, width }: { readonly height: number; readonly width: number },
  { maxPixels, origin }: ResolvedDecodeOptions,
): void {
  if (height * width < 1)
    throw new DataError(`${origin}: ${height} × ${width} pixels: it is empty or damaged.`);
  if (height * width <= maxPixels) return;
  throw new DataError(
    `${origin}: ${height} × ${width} pixels are more than maxPixels (${maxPixels}); raise it if the file is meant.`,
  );
}

/** What a decoder threw, as a DataError that names the file. */
export function damaged(origin: string, reason: unknown): DataError {
  if (reason instanceof DataError) return reason;
  const text = reason instanceof Error ? reason.message : String(reason);
  return new DataError(`${origin}: not an image that can be decoded: ${text}`, { cause: reason });
}
