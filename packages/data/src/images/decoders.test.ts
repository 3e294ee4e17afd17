import { beforeAll, describe, expect, it } from 'vitest';
import { largestDifference } from './__fixtures__/sample-images.ts';
import {
  compareSizes,
  expectedPixels,
  type TrickyImage,
  trickyImages,
} from './__fixtures__/tricky-images.ts';
import { decodeImage } from './decode-image-node.ts';

let images: TrickyImage[];
beforeAll(async () => {
  images = await trickyImages();
});

describe.each(['exif', 'ignore'] as const)(
  'with the orientation %s, both decoders return the same',
  (orientation) => {
    it.each(compareSizes)('for $fit, $height × $width', async (size) => {
      const isScaled = size.fit !== 'none';
      for (const image of images) {
        const options = { ...size, orientation };
        const bySharp = await decodeImage(image.bytes, { ...options, decoder: 'sharp' });
        const expected = expectedPixels(image, options);
        const found = [bySharp];
        // Without sharp, Node does not read WebP.
        if (!image.name.startsWith('WebP'))
          found.push(await decodeImage(image.bytes, { ...options, decoder: 'javascript' }));
        for (const { height, width, data } of found) {
          const first = expected ?? bySharp;
          expect([image.name, height, width]).toEqual([image.name, first.height, first.width]);
          const difference = largestDifference(data, first.data);
          // sharp resizes with less precision.
          if (difference > image.tolerance + (isScaled ? 2 : 0)) expect([image.name, difference]).toBeNull();
        }
      }
    });
  },
);
