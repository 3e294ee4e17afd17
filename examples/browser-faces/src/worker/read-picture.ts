import { DataError } from '@openset/core';
import { decodeImage, type PixelImage, readImageHeader } from '@openset/data';

const mostBytes = 40_000_000;
/** A photo of a telephone has 12 to 50 million pixels. */
const mostPixels = 50_000_000;

/**
 * Reads a file of a picture, upright by its EXIF orientation.
 * @returns `[height, width, 3]`
 * @throws DataError with what to do if the file is no picture, damaged or too large
 */
export async function readPicture(file: File): Promise<PixelImage> {
  if (file.size > mostBytes) {
    throw new DataError(
      `${file.name} has ${Math.round(file.size / 1e6)} MB, more than the ${mostBytes / 1e6} that this page reads. Make it smaller.`,
    );
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const header = readImageHeader(bytes);
  if (header?.format === 'heic') {
    throw new DataError(`${file.name} is a HEIC picture, which this page cannot read. Convert it to JPEG.`);
  }
  const { height = 0, width = 0 } = header ?? {};
  if (height * width > mostPixels) {
    throw new DataError(
      `${file.name} has ${Math.round((height * width) / 1e6)} million pixels, more than the ${mostPixels / 1e6} that this page reads. ` +
        'Make it smaller.',
    );
  }
  return decodeImage(bytes, {
    fit: 'none',
    orientation: 'exif',
    maxPixels: mostPixels,
    origin: file.name,
  });
}

/** Returns the pixels of a frame, and closes it: `[height, width, 3]`. */
export function readFrame(frame: ImageBitmap): PixelImage {
  const { height, width } = frame;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('This browser has no 2D canvas in workers.');
  context.drawImage(frame, 0, 0);
  frame.close();
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(height * width * 3);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let channel = 0; channel < 3; channel++) pixels[3 * pixel + channel] = data[4 * pixel + channel]!;
  }
  return { data: pixels, height, width, channels: 3 };
}

/** Longest side of a picture on the page, in pixels. */
const longestSide = 1600;

/** Returns an image for the page, reduced if it is large. */
export async function showablePicture({ data, height, width }: PixelImage): Promise<ImageBitmap> {
  const rgba = new ImageData(width, height);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let channel = 0; channel < 3; channel++) rgba.data[4 * pixel + channel] = data[3 * pixel + channel]!;
    rgba.data[4 * pixel + 3] = 255;
  }
  const scale = Math.min(1, longestSide / Math.max(height, width));
  return createImageBitmap(rgba, {
    resizeWidth: Math.max(1, Math.round(width * scale)),
    resizeHeight: Math.max(1, Math.round(height * scale)),
    resizeQuality: 'high',
  });
}
