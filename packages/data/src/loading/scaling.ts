import { ConfigError, checkNumber } from '@openset/core';
import type { PixelImage } from '../images/pixel-image.ts';

/** How pixel values become numbers: `(value − mean) / std`, for all channels or for each. */
export interface Scaling {
  /** In units of the pixels, 0 to 255; default 127.5. */
  readonly mean?: number | readonly number[];
  /** In units of the pixels, 0 to 255; default 127.5, so that values lie in [−1, 1]. */
  readonly std?: number | readonly number[];
}

/** What each channel is multiplied by, and what is added then: one number for each channel. */
export interface ChannelScaling {
  readonly factors: readonly number[];
  readonly offsets: readonly number[];
}

/**
 * Fills in the defaults.
 * @throws ConfigError for lists of another length than `channels`, or a `std` of 0
 */
export function resolveScaling(scaling: Scaling, channels: number): ChannelScaling {
  const { mean = 127.5, std = 127.5 } = scaling;
  const means = perChannel('mean', mean, channels);
  const stds = perChannel('std', std, channels);
  if (stds.includes(0)) throw new ConfigError('normalize: std must not be 0.');
  return {
    factors: stds.map((value) => 1 / value),
    offsets: means.map((value, channel) => -value / stds[channel]!),
  };
}

/**
 * Writes scaled pixels of an image into a part of a batch.
 *
 * @param target `[height, width, channels]`, written
 * @param isMirrored whether left and right change places, which costs nothing here and a pass over the image elsewhere
 */
export function writeScaled(
  { data, height, width, channels }: PixelImage,
  { factors, offsets }: ChannelScaling,
  target: Float32Array,
  isMirrored = false,
): void {
  const rowLength = width * channels;
  const step = isMirrored ? -channels : channels;
  // Written out: the loop over three channels would take twice the time.
  const [first, second, third] = factors as [number, number, number];
  const [firstOffset, secondOffset, thirdOffset] = offsets as [number, number, number];
  for (let row = 0; row < height * rowLength; row += rowLength) {
    const end = row + rowLength;
    let source = isMirrored ? end - channels : row;
    if (channels === 1) {
      for (let index = row; index < end; index++, source += step) {
        target[index] = data[source]! * first + firstOffset;
      }
    } else {
      for (let index = row; index < end; index += 3, source += step) {
        target[index] = data[source]! * first + firstOffset;
        target[index + 1] = data[source + 1]! * second + secondOffset;
        target[index + 2] = data[source + 2]! * third + thirdOffset;
      }
    }
  }
}

function perChannel(name: string, value: number | readonly number[], channels: number): readonly number[] {
  const values = typeof value === 'number' ? new Array<number>(channels).fill(value) : value;
  if (values.length !== channels) {
    throw new ConfigError(
      `normalize: ${name} has ${values.length} numbers, but images ${channels} channels.`,
    );
  }
  for (const number of values) checkNumber(`normalize: ${name}`, number);
  return values;
}
