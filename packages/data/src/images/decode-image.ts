import { decodeInBrowser, hasBrowserDecoder } from './decode-browser.ts';
import { decodeWithJavaScript } from './decode-javascript.ts';
import { type DecodeOptions, type ResolvedDecodeOptions, resolveDecodeOptions } from './decode-options.ts';
import type { PixelImage } from './pixel-image.ts';

/** Decodes with the browser if there is one, else with JavaScript (JPEG and PNG). */
export function decodeWithoutSharp(bytes: Uint8Array, options: ResolvedDecodeOptions): Promise<PixelImage> {
  return hasBrowserDecoder() ? decodeInBrowser(bytes, options) : decodeWithJavaScript(bytes, options);
}

/**
 * Decodes an encoded image with the browser if there is one, else with JavaScript (JPEG and PNG). In Node,
 * `decodeImage` of `@openset/data/node` is faster and reads more formats.
 *
 * Drops an alpha channel and keeps the upper byte of 16-bit values. Ignores colour profiles and the EXIF orientation.
 *
 * @param bytes the whole file
 * @returns uint8 pixels, `[height, width, channels]`
 * @throws DataError with the origin if the file is damaged or has more than `maxPixels`; ConfigError for options out
 *   of range
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<PixelImage> {
  return decodeWithoutSharp(bytes, resolveDecodeOptions(options));
}
