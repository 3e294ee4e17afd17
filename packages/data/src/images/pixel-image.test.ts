import { ShapeError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { checkImage, createImageLike, toChannels } from './pixel-image.ts';

const image = (channels: number, ...data: number[]) => ({
  data: Uint8Array.from(data),
  height: 1,
  width: data.length / channels,
  channels,
});

describe('toChannels', () => {
  it('weights red, green and blue by ITU-R BT.601', () => {
    // 0.299 · 255 = 76.2, 0.587 · 255 = 149.7, 0.114 · 255 = 29.1; white stays 255.
    const colours = image(3, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255);
    expect([...toChannels(colours, 1).data]).toEqual([76, 150, 29, 255]);
  });

  it('repeats grey and drops alpha', () => {
    expect([...toChannels(image(1, 7, 9), 3).data]).toEqual([7, 7, 7, 9, 9, 9]);
    expect([...toChannels(image(2, 7, 0, 9, 255), 3).data]).toEqual([7, 7, 7, 9, 9, 9]);
    expect([...toChannels(image(2, 7, 0, 9, 255), 1).data]).toEqual([7, 9]);
    expect([...toChannels(image(4, 1, 2, 3, 0), 3).data]).toEqual([1, 2, 3]);
  });

  it('returns an image that already has the channels', () => {
    const same = image(3, 1, 2, 3);
    expect(toChannels(same, 3)).toBe(same);
  });
});

it('checkImage reports the shape and the number of values', () => {
  expect(() => checkImage(image(3, 1, 2, 3))).not.toThrow();
  const short = { data: new Uint8Array(5), height: 1, width: 2, channels: 3 };
  expect(() => checkImage(short)).toThrow(new ShapeError('An image of [1, 2, 3] needs 6 values, but has 5.'));
  expect(() => checkImage({ ...short, width: 1.5 })).toThrow(ShapeError);
});

it('createImageLike keeps the type of the values', () => {
  expect(createImageLike(image(3, 1, 2, 3)).data).toBeInstanceOf(Uint8Array);
  const floats = { data: new Float32Array(3), height: 1, width: 1, channels: 3 };
  expect(createImageLike(floats, { height: 2, width: 4 }).data).toEqual(new Float32Array(24));
});
