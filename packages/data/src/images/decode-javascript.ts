import { decodeFile } from './decode-file.ts';
import type { ResolvedDecodeOptions } from './decode-options.ts';
import type { ImageFormat, ImageHeader } from './image-header.ts';
import { decodeJpeg } from './jpeg.ts';
import type { PixelImage } from './pixel-image.ts';
import { decodePng } from './png.ts';
import { decodeTiff } from './tiff.ts';

/**
 * Decodes JPEG, PNG, BMP, GIF and TIFF in JavaScript.
 * @throws DataError with the origin if the file is damaged, too large, or in another format
 */
export function decodeWithJavaScript(bytes: Uint8Array, options: ResolvedDecodeOptions): Promise<PixelImage> {
  return decodeFile(bytes, options, decodePixelsInJavaScript);
}

/**
 * Decodes the pixels of JPEG, PNG and TIFF.
 * @throws Error for damage and other formats
 */
export async function decodePixelsInJavaScript(
  bytes: Uint8Array,
  header: ImageHeader | null,
): Promise<PixelImage> {
  if (header?.format === 'jpeg') return decodeJpeg(bytes, header.height * header.width);
  if (header?.format === 'png') return decodePng(bytes);
  if (header?.format === 'tiff') return decodeTiff(bytes);
  if (bytes.length === 0) throw new Error('the file is empty');
  const remedy = 'the package sharp (npm install sharp) or a browser';
  if (header) throw new Error(`found ${foundTexts[header.format]} file, which needs ${remedy}`);
  throw new Error(
    `found no complete header of a JPEG, PNG, BMP, GIF or TIFF file; other formats need ${remedy}`,
  );
}

/** Names of the formats that are decoded elsewhere. */
const foundTexts: Readonly<Partial<Record<ImageFormat, string>>> = {
  webp: 'a WebP',
  avif: 'an AVIF',
  heic: 'a HEIC',
};
