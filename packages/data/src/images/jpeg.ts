import { decode } from 'jpeg-js';
import type { PixelImage } from './pixel-image.ts';

/**
 * Decodes a JPEG file, baseline or progressive, colour or grey, to red, green and blue.
 *
 * @param maxPixels limit on the number of pixels; memory is limited in proportion
 * @throws Error if the file is damaged or too large
 */
export function decodeJpeg(bytes: Uint8Array, maxPixels: number): PixelImage {
  const { data, width, height } = decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    // A tolerant decoder would silently fill the missing part of a truncated file with grey.
    tolerantDecoding: false,
    maxResolutionInMP: maxPixels / 1e6,
    // Coefficients and samples of four channels take 27 bytes per pixel; a header with absurd sampling factors requests
    // more. Small images need extra room for tables and whole blocks.
    maxMemoryUsageInMB: Math.min(1024, Math.ceil((maxPixels * 32) / 2 ** 20) + 16),
  });
  return { data, height, width, channels: 3 };
}
