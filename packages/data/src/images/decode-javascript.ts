import { DataError } from '@openset/core';
import {
  checkNaturalSize,
  checkPixelCount,
  fitImage,
  type ResolvedDecodeOptions,
  toDecodeError,
} from './decode-options.ts';
import { readImageHeader } from './image-header.ts';
import { decodeJpeg } from './jpeg.ts';
import type { PixelImage } from './pixel-image.ts';
import { decodePng } from './png.ts';

/**
 * Decodes JPEG and PNG in JavaScript.
 * @throws DataError with the origin if the file is damaged, too large, or in another format
 */
export async function decodeWithJavaScript(
  bytes: Uint8Array,
  options: ResolvedDecodeOptions,
): Promise<PixelImage> {
  const header = readImageHeader(bytes);
  if (!header) {
    const found = bytes.length === 0 ? 'the file is empty' : 'it is neither a complete JPEG nor a PNG file';
    throw new DataError(
      `${options.origin}: cannot decode the image: ${found}. Other formats need the package sharp (Node) or a browser.`,
    );
  }
  checkPixelCount(header, options);
  if (options.fit === 'none') checkNaturalSize(header, options);
  try {
    const image =
      header.format === 'png' ? await decodePng(bytes) : decodeJpeg(bytes, header.height * header.width);
    return fitImage(image, options);
  } catch (reason) {
    throw toDecodeError(options.origin, reason);
  }
}
