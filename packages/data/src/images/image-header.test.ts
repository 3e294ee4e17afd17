import fc from 'fast-check';
import { expect, it } from 'vitest';
import { asJpeg, asPng, asSharp, gradient } from './__fixtures__/sample-images.ts';
import { readImageHeader } from './image-header.ts';

it('reads the size of PNG and of baseline and progressive JPEG', async () => {
  const image = gradient(5, 7);
  const size = { height: 5, width: 7 };
  expect(readImageHeader(await asPng(image))).toEqual({ format: 'png', ...size });
  expect(readImageHeader(await asJpeg(image))).toEqual({ format: 'jpeg', ...size });
  const progressive = await asSharp(image).jpeg({ progressive: true }).withMetadata().toBuffer();
  expect(readImageHeader(progressive)).toEqual({ format: 'jpeg', ...size });
});

it('returns null for anything else and never throws', async () => {
  expect(readImageHeader(new Uint8Array())).toBeNull();
  expect(readImageHeader((await asPng(gradient(2, 2))).subarray(0, 20))).toBeNull();
  expect(readImageHeader((await asJpeg(gradient(2, 2))).subarray(0, 20))).toBeNull();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, isJpeg) => {
      if (isJpeg) bytes.set([0xff, 0xd8].slice(0, bytes.length));
      readImageHeader(bytes);
    }),
  );
});
