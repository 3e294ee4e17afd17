import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { fakeFace, fakeTools } from '../__fixtures__/fake-faces.ts';
import { findFaces, scaleFace } from './find-faces.ts';
import { openPhoto } from './photo.ts';

/** Returns a record of a JPEG file. */
async function photo(width: number, height: number, orientation = 1) {
  const image = sharp({ create: { width, height, channels: 3, background: '#6495ed' } });
  const bytes = await image.withMetadata({ orientation }).jpeg().toBuffer();
  return { bytes: new Uint8Array(bytes), label: -1, origin: 'photo.jpg' };
}

describe('openPhoto', () => {
  it('keeps a photo that is not large', async () => {
    const { image, reduction, ...size } = await openPhoto(await photo(300, 200), {});
    expect(size).toMatchObject({ width: 300, height: 200 });
    expect([image.width, image.height, image.channels, reduction]).toEqual([300, 200, 3, 1]);
  });

  it('reduces a large one, and decodes it whole on demand', async () => {
    const { image, reduction, decodeWhole, ...size } = await openPhoto(await photo(4000, 3000), {});
    expect(size).toMatchObject({ width: 4000, height: 3000 });
    expect([image.width, image.height, reduction]).toEqual([1600, 1200, 2.5]);
    expect(await decodeWhole()).toMatchObject({ width: 4000, height: 3000, channels: 3 });
  });

  it('gives sizes of the upright photo', async () => {
    const onSide = await openPhoto(await photo(4000, 2000, 6), {});
    expect(onSide).toMatchObject({ width: 2000, height: 4000, image: { width: 800, height: 1600 } });
    const ignored = await openPhoto(await photo(4000, 2000, 6), { orientation: 'ignore' });
    expect(ignored).toMatchObject({ width: 4000, height: 2000, image: { width: 1600, height: 800 } });
  });

  it('takes raw pixels, grey ones as colour', async () => {
    const raw = { height: 2, width: 3, channels: 1 };
    const record = { bytes: Uint8Array.of(1, 2, 3, 4, 5, 6), raw, label: -1, origin: 'digit' };
    const { image } = await openPhoto(record, {});
    expect(image).toMatchObject({ height: 2, width: 3, channels: 3 });
    expect([...image.data.slice(0, 6)]).toEqual([1, 1, 1, 2, 2, 2]);
  });

  it('rejects damaged files by name', async () => {
    const record = { bytes: Uint8Array.of(0xff, 0xd8, 1, 2), label: -1, origin: 'bad.jpg' };
    await expect(openPhoto(record, {})).rejects.toThrow(/^bad\.jpg: /);
  });
});

describe('findFaces', () => {
  it('gives faces in pixels of the whole photo', async () => {
    const tools = fakeTools(() => [fakeFace(99.5, 199.5, 400)]);
    const { faces, width } = await findFaces(await photo(4000, 3000), {}, tools);
    expect(width).toBe(4000);
    // 100 pixels from the edge of the reduced photo are 250 of the whole one; its first pixel is centred at 0.
    expect(faces[0]!.box).toEqual({ x: 249.5, y: 499.5, width: 1000, height: 1000 });
    expect(faces[0]!.quality.eyeDistance).toBe(400);
  });

  it.each([
    // An eye distance of 160 pixels gives a crop of 35: the reduced photo is enough.
    ['large', 400, 1600],
    ['small', 50, 4000],
  ])('crops a %s face from an image with enough pixels', async (_, side, width) => {
    const tools = fakeTools(() => [fakeFace(10, 10, side)]);
    const photoFaces = await findFaces(await photo(4000, 3000), {}, tools);
    const crop = await photoFaces.crop(photoFaces.faces[0]!, { kind: 'points' }, 112);
    expect([crop.width, crop.height, crop.channels]).toEqual([112, 112, 3]);
    expect(tools.cropped).toMatchObject([{ width }]);
  });

  it('selects among all faces or those given', async () => {
    const [small, large] = [fakeFace(0, 0, 20), fakeFace(100, 100, 60)];
    const found = await findFaces(
      await photo(300, 200),
      {},
      fakeTools(() => [small, large]),
    );
    expect(found.select('largest')).toEqual([large]);
    expect(found.select('largest', [found.faces[0]!])).toEqual([small]);
    expect(found.select('all')).toEqual([small, large]);
  });
});

it('scales the coordinates of a face around the edge of the first pixel', () => {
  const face = fakeFace(0, 0, 10);
  const scaled = scaleFace(face, 2, 2);
  expect(scaled.landmarks[0]).toEqual([6.5, 8.5]);
  expect(scaled.mesh).toEqual({ center: [10.5, 10.5], side: 20, angle: 0 });
  expect(scaled.score).toBe(face.score);
  expect(scaleFace(face, 1, 1)).toBe(face);
});
