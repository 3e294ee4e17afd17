import { decodeFile } from './decode-file.ts';
import { decodePixelsInJavaScript } from './decode-javascript.ts';
import { checkPixelCount, type ResolvedDecodeOptions } from './decode-options.ts';
import type { ImageHeader } from './image-header.ts';
import type { PixelImage } from './pixel-image.ts';
import { readStraightPixels } from './straight-pixels.ts';
import { stripExif } from './strip-exif.ts';

/** Checks whether this environment, a browser or a web worker, decodes images and exposes their pixels. */
export function hasBrowserDecoder(): boolean {
  return typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function';
}

/**
 * Decodes PNG, BMP, GIF, TIFF and CMYK JPEG in JavaScript, because browsers change their pixels or do not read them, and
 * every other format with the browser.
 *
 * @throws DataError with the origin if the browser cannot decode the file
 */
export function decodeInBrowser(bytes: Uint8Array, options: ResolvedDecodeOptions): Promise<PixelImage> {
  return decodeFile(bytes, options, (_, header) =>
    needsJavaScript(header) ? decodePixelsInJavaScript(bytes, header) : decodeBitmap(bytes, header, options),
  );
}

function needsJavaScript(header: ImageHeader | null): boolean {
  return header !== null && (header.format === 'png' || header.format === 'tiff' || header.isCmyk);
}

async function decodeBitmap(
  bytes: Uint8Array,
  header: ImageHeader | null,
  options: ResolvedDecodeOptions,
): Promise<PixelImage> {
  // All decoders return pixels as stored: without colour profile or EXIF orientation. Browsers always apply the EXIF
  // orientation (imageOrientation 'none' was removed, or behaves like 'from-image'), so the EXIF data is removed first.
  const bitmap = await createImageBitmap(new Blob(stripExif(bytes) as Uint8Array<ArrayBuffer>[]), {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  });
  const { height, width } = bitmap;
  try {
    checkPixelCount(bitmap, options);
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    if (!context) throw new Error('this browser has no 2D canvas');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const pixels = new Uint8Array(data.buffer);
    // A canvas multiplies colours by their transparency, which loses them.
    if (!header?.isOpaque8Bit && hasTransparency(pixels)) await readStraightPixels(bitmap, pixels);
    return { data: pixels, height, width, channels: 4 };
  } finally {
    bitmap.close();
  }
}

function hasTransparency(pixels: Uint8Array): boolean {
  for (let alpha = 3; alpha < pixels.length; alpha += 4) if (pixels[alpha]! < 255) return true;
  return false;
}
