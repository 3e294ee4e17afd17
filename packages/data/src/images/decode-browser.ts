import { checkPixelCount, damaged, fitImage, type ResolvedDecodeOptions } from './decode-options.ts';
import { readImageHeader } from './image-header.ts';
import type { PixelImage } from './pixel-image.ts';
import { withoutExif } from './without-exif.ts';

/** Whether this environment decodes images itself and shows their pixels: browsers and their workers. */
export function browserDecodes(): boolean {
  return typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function';
}

/**
 * Decodes with the browser, in all its formats. The more transparent a pixel, the less exact its colour is there.
 * @throws DataError with the origin if the browser cannot decode the file
 */
export async function decodeInBrowser(
  bytes: Uint8Array,
  options: ResolvedDecodeOptions,
): Promise<PixelImage> {
  const header = readImageHeader(bytes);
  if (header) checkPixelCount(header, options);
  try {
    // Pixels as they are stored, as the other decoders give them: no colour profile, and not turned. Browsers turn
    // pictures as EXIF says, and there is no option against it: imageOrientation 'none' is gone, or means the same.
    const bitmap = await createImageBitmap(new Blob(withoutExif(bytes) as Uint8Array<ArrayBuffer>[]), {
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
    });
    const { height, width } = bitmap;
    try {
      checkPixelCount(bitmap, options);
      const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
      if (!context) throw new Error('this browser gives no canvas');
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      return fitImage({ data: new Uint8Array(data.buffer), height, width, channels: 4 }, options);
    } finally {
      bitmap.close();
    }
  } catch (reason) {
    throw damaged(options.origin, reason);
  }
}
