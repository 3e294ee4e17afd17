import { DataError } from '@openset/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { asPng, gradient } from './__fixtures__/sample-images.ts';
import { decodeImage } from './decode-image.ts';

// A browser of 2 × 1 pixels.
const close = vi.fn();
const createImageBitmap = vi.fn(async (_blob: Blob, _options?: ImageBitmapOptions) => ({
  height: 1,
  width: 2,
  close,
}));
class Canvas {
  getContext = () => ({
    drawImage: () => {},
    getImageData: () => ({ data: Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 0) }),
  });
}

beforeEach(() => {
  vi.clearAllMocks();
  vi.stubGlobal('createImageBitmap', createImageBitmap);
  vi.stubGlobal('OffscreenCanvas', Canvas);
});
afterEach(() => vi.unstubAllGlobals());

it('takes the decoder of the browser where there is one, with pixels as they are stored', async () => {
  const image = await decodeImage(Uint8Array.of(9, 9), { fit: 'none' });
  expect(image).toEqual({ data: Uint8Array.of(1, 2, 3, 4, 5, 6), height: 1, width: 2, channels: 3 });
  const [blob, options] = createImageBitmap.mock.calls[0]!;
  expect(blob.size).toBe(2);
  expect(options).toMatchObject({ colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  expect(close).toHaveBeenCalledOnce();
});

it('refuses a large image before the browser decodes it, or at the latest before its pixels are read', async () => {
  const file = decodeImage(await asPng(gradient(30, 30)), { fit: 'none', maxPixels: 100 });
  await expect(file).rejects.toThrow(/30 × 30/);
  expect(createImageBitmap).not.toHaveBeenCalled();
  const unknown = decodeImage(Uint8Array.of(9, 9), { fit: 'none', maxPixels: 1 });
  await expect(unknown).rejects.toThrow(DataError);
  expect(close).toHaveBeenCalledOnce();
});

it('names the file that the browser cannot decode', async () => {
  createImageBitmap.mockRejectedValueOnce(new DOMException('no image', 'InvalidStateError'));
  const result = decodeImage(Uint8Array.of(9), { height: 2, width: 2, origin: 'upload.jpg' });
  await expect(result).rejects.toThrow(/^upload.jpg: not an image that can be decoded: no image/);
});
