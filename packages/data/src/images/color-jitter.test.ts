import { ConfigError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { colorJitter } from './color-jitter.ts';

const sequence = (...numbers: number[]) => {
  let next = 0;
  return () => numbers[next++]!;
};
const pixel = (...data: number[]) => ({
  data: Uint8Array.from(data),
  height: 1,
  width: data.length / 3,
  channels: 3,
});

describe('colorJitter', () => {
  it('brightens and darkens', () => {
    // The factor is 1 + 0.5 · (2 · 0.75 − 1) = 1.25; 220 · 1.25 = 275 is clamped to 255.
    const brighter = colorJitter(pixel(100, 10, 220), sequence(0.75, 0.5, 0.5), { brightness: 0.5 });
    expect([...brighter.data]).toEqual([125, 13, 255]);
    const darker = colorJitter(pixel(100, 10, 220), sequence(0, 0.5, 0.5), { brightness: 1 });
    expect([...darker.data]).toEqual([0, 0, 0]);
  });

  it('moves values away from the mean grey of the image, or towards it, by contrast', () => {
    const grey = { data: Uint8Array.of(100, 120, 140), height: 1, width: 3, channels: 1 };
    expect([...colorJitter(grey, sequence(0.5, 1, 0.5), { contrast: 0.5 }).data]).toEqual([90, 120, 150]);
    expect([...colorJitter(grey, sequence(0.5, 0, 0.5), { contrast: 1 }).data]).toEqual([120, 120, 120]);
  });

  it('turns an image grey at saturation 0, with the luma weights', () => {
    const result = colorJitter(pixel(200, 100, 50), sequence(0.5, 0.5, 0), { saturation: 1 });
    // 0.299 · 200 + 0.587 · 100 + 0.114 · 50 = 124.2
    expect([...result.data]).toEqual([124, 124, 124]);
  });

  it('changes nothing by default, and never the saturation of grey images', () => {
    const image = pixel(1, 2, 3);
    expect(colorJitter(image, Math.random, {})).toEqual(image);
    const grey = { data: Float32Array.of(3.5), height: 1, width: 1, channels: 1 };
    expect(colorJitter(grey, Math.random, { saturation: 1 })).toEqual(grey);
  });

  it('rejects options outside 0 to 1', () => {
    expect(() => colorJitter(pixel(1, 2, 3), Math.random, { contrast: 1.1 })).toThrow(/contrast/);
    expect(() => colorJitter(pixel(1, 2, 3), Math.random, { brightness: -1 })).toThrow(ConfigError);
  });
});
