import { checkPixelCount, fitImage, type ResolvedDecodeOptions, toDecodeError } from './decode-options.ts';
import { readImageHeader } from './image-header.ts';
import type { PixelImage } from './pixel-image.ts';
import { stripExif } from './strip-exif.ts';

/** Checks whether this environment, a browser or a web worker, decodes images and exposes their pixels. */
export function hasBrowserDecoder(): boolean {
  return typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function';
}

/**
 * Decodes any format that the browser supports. The colours of transparent pixels lose precision there.
 * @throws DataError with the origin if the browser cannot decode the file
 */
export async function decodeInBrowser(
  bytes: Uint8Array,
  options: ResolvedDecodeOptions,
): Promise<PixelImage> {
  const header = readImageHeader(bytes);
  if (header) checkPixelCount(header, options);
  try {
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
      return fitImage({ data: new Uint8Array(data.buffer), height, width, channels: 4 }, options);
    } finally {
      bitmap.close();
    }
  } catch (reason) {
    throw toDecodeError(options.origin, reason);
  }
}
