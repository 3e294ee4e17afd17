import { DataError } from '@openset/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { asJpeg, asPng, gradient } from './__fixtures__/sample-images.ts';
import { decodeImage } from './decode-image.ts';

// A browser that decodes every file to 2 × 1 pixels.
const close = vi.fn();
const createImageBitmap = vi.fn(async (_blob: Blob, _options?: ImageBitmapOptions) => ({
  height: 1,
  width: 2,
  close,
}));
class Canvas {
  getContext = () => ({
    drawImage: () => {},
    getImageData: () => ({ data: Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 255) }),
  });
}

beforeEach(() => {
  vi.clearAllMocks();
  vi.stubGlobal('createImageBitmap', createImageBitmap);
  vi.stubGlobal('OffscreenCanvas', Canvas);
});
afterEach(() => vi.unstubAllGlobals());

it('uses the browser decoder if there is one, and returns pixels as stored', async () => {
  const image = await decodeImage(Uint8Array.of(9, 9), { fit: 'none' });
  expect(image).toEqual({ data: Uint8Array.of(1, 2, 3, 4, 5, 6), height: 1, width: 2, channels: 3 });
  const [blob, options] = createImageBitmap.mock.calls[0]!;
  expect(blob.size).toBe(2);
  expect(options).toMatchObject({ colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  expect(close).toHaveBeenCalledOnce();
});

it('rejects a large image before decoding, or without a known header before reading its pixels', async () => {
  const file = decodeImage(await asJpeg(gradient(30, 30)), { fit: 'none', maxPixels: 100 });
  await expect(file).rejects.toThrow(/30 × 30/);
  expect(createImageBitmap).not.toHaveBeenCalled();
  const unknown = decodeImage(Uint8Array.of(9, 9), { fit: 'none', maxPixels: 1 });
  await expect(unknown).rejects.toThrow(DataError);
  expect(close).toHaveBeenCalledOnce();
});

it('decodes PNG in JavaScript, because a canvas loses the colours of transparent pixels', async () => {
  const image = await decodeImage(await asPng(gradient(3, 4, 4)), { fit: 'none' });
  expect(image.data).toEqual(gradient(3, 4, 3).data);
  expect(createImageBitmap).not.toHaveBeenCalled();
});

it('names a file that the browser cannot decode', async () => {
  createImageBitmap.mockRejectedValueOnce(new DOMException('no image', 'InvalidStateError'));
  const result = decodeImage(Uint8Array.of(9), { height: 2, width: 2, origin: 'upload.jpg' });
  await expect(result).rejects.toThrow(/^upload.jpg: cannot decode the image: no image/);
});
