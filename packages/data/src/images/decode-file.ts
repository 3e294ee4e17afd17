import { DataError } from '@openset/core';
import { decodeBmp } from './bmp.ts';
import {
  checkNaturalSize,
  checkPixelCount,
  fitImage,
  type ResolvedDecodeOptions,
  toDecodeError,
} from './decode-options.ts';
import { decodeGif } from './gif.ts';
import { isHeic } from './heif-header.ts';
import { type ImageHeader, readImageHeader } from './image-header.ts';
import { orientImage, swapsSides } from './orient-image.ts';
import type { PixelImage } from './pixel-image.ts';

/** Size and fit of the result, for decoders that resize while they decode. */
export type TargetSize = Pick<ResolvedDecodeOptions, 'height' | 'width' | 'fit'>;

/**
 * Decodes a file to pixels in the order of the file, of its own size or of the target size.
 * @param header null for formats that we do not know; known sizes have been checked
 */
export type PixelDecoder = (
  bytes: Uint8Array,
  header: ImageHeader | null,
  options: ResolvedDecodeOptions,
  target: TargetSize,
) => PixelImage | Promise<PixelImage>;

/**
 * Decodes a file: what all decoders have in common. Checks the size in the header before anything is decoded, decodes
 * BMP and GIF, which are the same everywhere, turns the image upright if the options say so, and resizes it.
 *
 * @throws DataError with the origin if the file is damaged, too large or in a format that the decoder does not know
 */
export async function decodeFile(
  bytes: Uint8Array,
  options: ResolvedDecodeOptions,
  decodePixels: PixelDecoder,
): Promise<PixelImage> {
  if (bytes.length === 0) throw toDecodeError(options.origin, 'the file is empty');
  const header = readImageHeader(bytes);
  const orientation = header && options.orientation === 'exif' ? header.orientation : 1;
  const target = swapsSides(orientation)
    ? { height: options.width, width: options.height, fit: options.fit }
    : options;
  if (header) {
    const { height, width } = header;
    const upright = swapsSides(orientation) ? { height: width, width: height } : header;
    checkPixelCount(upright, options);
    if (options.fit === 'none') checkNaturalSize(upright, options);
  }
  try {
    let image: PixelImage;
    if (header?.format === 'bmp') image = decodeBmp(bytes);
    else if (header?.format === 'gif') image = decodeGif(bytes);
    else image = await decodePixels(bytes, header, options, target);
    return fitImage(orientImage(image, orientation), options);
  } catch (reason) {
    if (!(reason instanceof DataError) && isHeic(bytes)) {
      throw new DataError(
        `${options.origin}: found a HEIC file, as iPhones write; nothing here decodes its HEVC data. ` +
          'Convert it to JPEG, for example with heif-convert, or use a sharp that was built with libheif and HEVC.',
        { cause: reason },
      );
    }
    throw toDecodeError(options.origin, reason);
  }
}
