import { decode } from 'jpeg-js';
import type { PixelImage } from './pixel-image.ts';

/**
 * Decodes a JPEG file, baseline or progressive, to red, green and blue (grey files too).
 *
 * @param maxPixels files with more are refused; memory is limited in proportion
 * @throws Error if the file is damaged or too large
 */
export function decodeJpeg(bytes: Uint8Array, maxPixels: number): PixelImage {
  const { data, width, height } = decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    // Otherwise what a cut file lacks becomes grey without a word.
    tolerantDecoding: false,
    maxResolutionInMP: maxPixels / 1e6,
    // Coefficients and samples of four channels take 27 bytes a pixel; a header with absurd sampling factors asks for
    // more. Small pictures need room for tables and whole blocks.
    maxMemoryUsageInMB: Math.min(1024, Math.ceil((maxPixels * 32) / 2 ** 20) + 16),
  });
  return { data, height, width, channels: 3 };
}
