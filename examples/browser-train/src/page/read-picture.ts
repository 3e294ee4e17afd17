import { DataError } from '@openset/core';
import { decodeImage } from '@openset/data';
import { imageSize } from '../image-set.ts';

const mostBytes = 20_000_000;
const mostPixels = 2 ** 25;

/**
 * Reads a file of a picture, as `openset` reads it: grey, the middle square, 28 × 28.
 * @throws DataError if the file is no picture, damaged or too large
 */
export async function readPicture(file: File): Promise<Uint8Array<ArrayBuffer>> {
  const origin = file.webkitRelativePath || file.name;
  if (file.size > mostBytes) {
    throw new DataError(
      `${origin}: the file has ${Math.round(file.size / 1e6)} MB, more than the limit of 20. Make the picture smaller.`,
    );
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { data } = await decodeImage(bytes, {
    height: imageSize,
    width: imageSize,
    channels: 1,
    maxPixels: mostPixels,
    origin,
  });
  return Uint8Array.from(data);
}
