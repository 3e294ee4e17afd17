import { decode } from 'jpeg-js';
import { readJpegColours, readJpegHeader } from './jpeg-header.ts';
import type { PixelImage } from './pixel-image.ts';

/** Adobe's segment of a file of cyan, magenta, yellow and black, all inverted. */
const adobeSegment = Uint8Array.of(
  0xff,
  0xee,
  0,
  14,
  ...[...'Adobe'].map((letter) => letter.charCodeAt(0)),
  0,
  100,
  0,
  0,
  0,
  0,
  0,
);

/**
 * Decodes a JPEG file, baseline or progressive, to red, green and blue. Cyan, magenta, yellow and black count as
 * inverted, as all programs write them, and are converted without a colour profile.
 *
 * @param maxPixels limit on the number of pixels; memory is limited in proportion
 * @throws Error if the file is damaged or too large
 */
export function decodeJpeg(bytes: Uint8Array, maxPixels: number): PixelImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { isRgb, hasAdobe } = readJpegColours(view);
  const header = readJpegHeader(view);
  if (header && !header.isCmyk && !header.isOpaque8Bit) {
    throw new Error('a JPEG file of more than 8 bits for each channel is unsupported');
  }
  // Before memory is allocated: 64 pixels need at least a bit for each component of full size, and none has fewer than a
  // sixteenth of the pixels.
  if (header && header.height * header.width > bytes.length * 64 * 8 * 16)
    throw new Error('the JPEG file is truncated');
  // jpeg-js reads four components only with Adobe's segment.
  const needsAdobe = header?.isCmyk && !hasAdobe;
  const file = needsAdobe ? concatenate([bytes.subarray(0, 2), adobeSegment, bytes.subarray(2)]) : bytes;
  const { data, width, height } = decode(file, {
    useTArray: true,
    formatAsRGBA: false,
    ...(isRgb && { colorTransform: false }),
    // A tolerant decoder would silently fill the missing part of a truncated file with grey.
    tolerantDecoding: false,
    // One more, because jpeg-js multiplies again, which rounds.
    maxResolutionInMP: (maxPixels + 1) / 1e6,
    // Coefficients and samples of four channels take 27 bytes per pixel; a header with absurd sampling factors requests
    // more. Small images need extra room for tables and whole blocks.
    maxMemoryUsageInMB: Math.min(1024, Math.ceil((maxPixels * 32) / 2 ** 20) + 16),
  });
  return { data, height, width, channels: 3 };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const output = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    output.set(part, at);
    at += part.length;
  }
  return output;
}
