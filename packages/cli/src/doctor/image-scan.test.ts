import { DataError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { ImageScan } from './image-scan.ts';

/** Returns a set of images by content, and how often each was read. A null cannot be read. */
function sourceOf(contents: readonly (Uint8Array | null)[]) {
  const reads = new Uint8Array(contents.length);
  const origin = (index: number) => `${index}.png`;
  const source: ImageSource = {
    size: contents.length,
    classNames: ['Ada'],
    labels: new Int32Array(contents.length),
    origin,
    async get(index) {
      reads[index]! += 1;
      const bytes = contents[index];
      if (!bytes) throw new DataError(`${origin(index)}: cannot be read (gone).`);
      return { bytes, label: 0, origin: origin(index) };
    },
    close: async () => {},
  };
  return { source, reads };
}

async function encode(width: number, height: number): Promise<Uint8Array> {
  const pixels = Uint8Array.from({ length: width * height }, (_, index) => index % 251);
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}

describe('ImageScan', () => {
  it('reads each image once, also damaged ones, and reports progress to the end', async () => {
    const { source, reads } = sourceOf([
      await encode(30, 40),
      Uint8Array.of(1, 2),
      null,
      ...(await Promise.all(Array.from({ length: 20 }, (_, index) => encode(40 + index, 30)))),
    ]);
    const scan = new ImageScan(source, {});
    const progress: number[] = [];
    await scan.readAll((done, total) => progress.push(done / total));
    expect([...reads]).toEqual(new Array(23).fill(1));
    expect(progress).toHaveLength(23);
    expect(progress.at(-1)).toBe(1);
    expect(scan.images[0]).toEqual({
      path: '0.png',
      format: 'png',
      width: 30,
      height: 40,
      isGrey: true,
      orientation: 1,
    });
    expect([...scan.damaged.keys()].sort()).toEqual([1, 2]);
    expect(scan.damaged.get(2)).toMatchObject({ path: '2.png', reason: 'cannot be read (gone).' });
    expect(scan.damaged.get(1)!.reason).toMatch(/^cannot decode the image/);
  });

  it('hands on what it reads, and examines an image once', async () => {
    const { source } = sourceOf([await encode(20, 20)]);
    const scan = new ImageScan(source, {});
    const records = [await scan.source.get(0), await scan.source.get(0)];
    expect(records.map(({ origin }) => origin)).toEqual(['0.png', '0.png']);
    expect(scan.hashes.groups()).toEqual([]);
  });

  it('throws errors that are no fault of the data', async () => {
    const { source } = sourceOf([null]);
    const broken = { ...source, get: () => Promise.reject(new TypeError('bug')) };
    await expect(new ImageScan(broken, {}).readAll(() => {})).rejects.toThrow('bug');
  });
});
