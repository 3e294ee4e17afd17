import { ConfigError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { horizontalFlip } from '../images/augmentations.ts';
import { resolveScaling, writeScaled } from './scaling.ts';

const scaled = (channels: number, options: Parameters<typeof resolveScaling>[0], ...data: number[]) => {
  const image = { data: Uint8Array.from(data), height: 1, width: data.length / channels, channels };
  const target = new Float32Array(data.length);
  writeScaled(image, resolveScaling(options, channels), target);
  return [...target];
};

describe('writeScaled', () => {
  it('maps 0 to −1 and 255 to 1 by default', () => {
    expect(scaled(3, {}, 0, 255, 51)).toEqual([-1, 1, Math.fround(-0.6)]);
    expect(scaled(1, {}, 0, 255, 51)).toEqual([-1, 1, Math.fround(-0.6)]);
  });

  it('accepts mean and std for all channels or for each channel', () => {
    expect(scaled(1, { mean: 100, std: 50 }, 0, 100, 200)).toEqual([-2, 0, 2]);
    expect(scaled(3, { mean: [0, 100, 200], std: [1, 2, 5] }, 7, 90, 255)).toEqual([7, -5, 11]);
  });

  it.each([1, 3])('mirrors %i channels like horizontalFlip', (channels) => {
    const data = Uint8Array.from({ length: 3 * 5 * channels }, (_, index) => index * 5);
    const image = { data, height: 3, width: 5, channels };
    const scaling = resolveScaling({}, channels);
    const [mirrored, expected] = [new Float32Array(data.length), new Float32Array(data.length)];
    writeScaled(image, scaling, mirrored, true);
    writeScaled(horizontalFlip(image), scaling, expected);
    expect(mirrored).toEqual(expected);
  });

  it('rejects lists of the wrong length and a std of 0', () => {
    expect(() => resolveScaling({ mean: [1, 2] }, 3)).toThrow(
      /mean has 2 numbers, but images have 3 channels/,
    );
    expect(() => resolveScaling({ std: [1, 0, 1] }, 3)).toThrow(ConfigError);
    expect(() => resolveScaling({ std: Number.NaN }, 1)).toThrow(ConfigError);
  });
});
