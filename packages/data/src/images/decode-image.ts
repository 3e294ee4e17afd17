import { decodeInBrowser, hasBrowserDecoder } from './decode-browser.ts';
import { decodeWithJavaScript } from './decode-javascript.ts';
import { type DecodeOptions, type ResolvedDecodeOptions, resolveDecodeOptions } from './decode-options.ts';
import type { PixelImage } from './pixel-image.ts';

/** Decodes with the browser if there is one, else with JavaScript. */
export function decodeWithoutSharp(bytes: Uint8Array, options: ResolvedDecodeOptions): Promise<PixelImage> {
  return hasBrowserDecoder() ? decodeInBrowser(bytes, options) : decodeWithJavaScript(bytes, options);
}

/**
 * Decodes an encoded image of any format that its content shows: PNG, BMP, TIFF and the first image of GIF in
 * JavaScript; JPEG, WebP and AVIF with the browser if there is one. Without a browser, JavaScript also decodes JPEG. In
 * Node, `decodeImage` of `@openset/data/node` is faster and reads more formats.
 *
 * Drops an alpha channel, keeps the upper byte of 16-bit values, and ignores colour profiles; ignores the EXIF
 * orientation too unless `orientation` is `'exif'`.
 *
 * @param bytes the whole file
 * @returns uint8 pixels, `[height, width, channels]`
 * @throws DataError with the origin if the file is damaged or has more than `maxPixels`; ConfigError for options out
 *   of range
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<PixelImage> {
  return decodeWithoutSharp(bytes, resolveDecodeOptions(options));
}
