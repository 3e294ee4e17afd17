import { browserDecodes, decodeInBrowser } from './decode-browser.ts';
import { type DecodeOptions, type ResolvedDecodeOptions, resolveDecodeOptions } from './decode-options.ts';
import { decodePure } from './decode-pure.ts';
import type { PixelImage } from './pixel-image.ts';

/** The decoder of this environment: the browser's, where there is one, or JavaScript (JPEG and PNG). */
export function decodeAnywhere(bytes: Uint8Array, options: ResolvedDecodeOptions): Promise<PixelImage> {
  return browserDecodes() ? decodeInBrowser(bytes, options) : decodePure(bytes, options);
}

/**
 * Decodes an encoded image: with the browser where there is one, else with JavaScript (JPEG and PNG). In Node,
 * `decodeImage` of `@openset/data/node` is faster and reads more formats.
 *
 * An alpha channel is dropped, 16-bit values keep their upper byte, colour profiles and the orientation in EXIF data
 * are not applied.
 *
 * @param bytes the whole file
 * @returns uint8 pixels, `[height, width, channels]`
 * @throws DataError with the origin if the file is damaged or has more than `maxPixels`; ConfigError for options out
 *   of their range
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<PixelImage> {
  return decodeAnywhere(bytes, resolveDecodeOptions(options));
}
