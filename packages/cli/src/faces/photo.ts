import { type ImageRecord, type PixelImage, readImageHeader, toChannels } from '@openset/data';
import { decodeImage } from '@openset/data/node';
import { decodingOptions, type ImageReading } from '../images/image-reading.ts';

/**
 * Longest side, in pixels, of the image in which faces are searched. A photo of 12 megapixels has more than twice as many, so that a
 * JPEG decoder can halve it at no cost. Photos of 1,920 pixels are reduced too: as they are, they decode 9 ms faster, but the search in them
 * takes as much longer.
 */
const longestSide = 1600;

/** A decoded photo, upright unless its EXIF orientation is ignored. */
export interface Photo {
  /** Size of the photo in pixels, before its reduction. */
  readonly height: number;
  readonly width: number;
  /** The photo, reduced if it is large: `[height, width, 3]`. */
  readonly image: PixelImage;
  /** Number of pixels of the photo in a pixel of `image`, at least 1. */
  readonly reduction: number;
  /** Decodes the photo without reduction. */
  decodeWhole(): Promise<PixelImage>;
}

/**
 * Decodes a photo for the search of faces. Large photos are reduced while they are decoded, which takes a fraction of the time and
 * memory of all their pixels.
 * @throws DataError with the origin if the photo cannot be decoded
 */
export async function openPhoto(record: ImageRecord, reading: ImageReading): Promise<Photo> {
  const { bytes, raw, origin } = record;
  if (raw) {
    const image = toChannels({ ...raw, data: bytes }, 3);
    return { ...raw, image, reduction: 1, decodeWhole: async () => image };
  }
  const options = { ...decodingOptions(reading), origin };
  const decodeWhole = () => decodeImage(bytes, { ...options, fit: 'none' });
  const stored = readImageHeader(bytes);
  const reduction = stored ? Math.max(stored.height, stored.width) / longestSide : 1;
  if (!stored || reduction <= 1) {
    const image = await decodeWhole();
    return { height: image.height, width: image.width, image, reduction: 1, decodeWhole };
  }
  const isOnSide = options.orientation === 'exif' && stored.orientation >= 5;
  const height = isOnSide ? stored.width : stored.height;
  const width = isOnSide ? stored.height : stored.width;
  const size = {
    height: Math.max(1, Math.round(height / reduction)),
    width: Math.max(1, Math.round(width / reduction)),
  };
  const image = await decodeImage(bytes, { ...options, ...size, fit: 'fill' });
  return { height, width, image, reduction, decodeWhole };
}
