import { ShapeError } from '@openset/core';

/** An image in memory: `[height, width, channels]`, row-major, rows from top to bottom, values 0 to 255. */
export interface PixelImage<Values extends Uint8Array | Float32Array = Uint8Array> {
  /** `height · width · channels` values. */
  readonly data: Values;
  /** Number of rows. */
  readonly height: number;
  /** Number of columns. */
  readonly width: number;
  /** 1: grey. 3: red, green, blue. */
  readonly channels: number;
}

/** Allocates an image with the value type and channels of another, by default also of its size. */
export function createImageLike<Values extends Uint8Array | Float32Array>(
  image: PixelImage<Values>,
  size: { readonly height: number; readonly width: number } = image,
): PixelImage<Values> {
  const { height, width } = size;
  const length = height * width * image.channels;
  const data = image.data instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  return { data: data as Values, height, width, channels: image.channels };
}

/**
 * Checks that the length of an image's data matches its shape.
 * @throws ShapeError with both
 */
export function checkImage({ data, height, width, channels }: PixelImage<Uint8Array | Float32Array>): void {
  const isShape = [height, width, channels].every((value) => Number.isInteger(value) && value > 0);
  if (isShape && data.length === height * width * channels) return;
  throw new ShapeError(
    `An image of [${height}, ${width}, ${channels}] needs ${height * width * channels} values, but has ${data.length}.`,
  );
}

/**
 * Changes the number of channels. Grey becomes colour by repetition; colour becomes grey by the ITU-R BT.601 weights
 * (0.299, 0.587, 0.114) on the stored values. An alpha channel is dropped, not blended.
 */
export function toChannels(image: PixelImage, channels: 1 | 3): PixelImage {
  const { data, height, width, channels: from } = image;
  if (from === channels) return image;
  const count = height * width;
  const output = new Uint8Array(count * channels);
  for (let pixel = 0; pixel < count; pixel++) {
    const source = pixel * from;
    const first = data[source]!;
    if (channels === 1) {
      // The weights times 2^16; they sum to 2^16, so white stays 255.
      output[pixel] =
        from < 3
          ? first
          : (19595 * first + 38470 * data[source + 1]! + 7471 * data[source + 2]! + 32768) >> 16;
    } else {
      output[pixel * 3] = first;
      output[pixel * 3 + 1] = from < 3 ? first : data[source + 1]!;
      output[pixel * 3 + 2] = from < 3 ? first : data[source + 2]!;
    }
  }
  return { data: output, height, width, channels };
}
