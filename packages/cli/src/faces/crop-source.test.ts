import { DataError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import { describe, expect, it } from 'vitest';
import { fakeFace, fakeTools } from '../__fixtures__/fake-faces.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { chooseAlignment, defaultCrop, photoCrop } from './choose-alignment.ts';
import { cropSource } from './crop-source.ts';

/** Raw images, 100 pixels high, whose first value is their index. */
function images(count: number, width = 100): ImageSource {
  return {
    size: count,
    classNames: ['ada'],
    labels: new Int32Array(count),
    origin: (index) => `photo ${index}`,
    get: async (index) => ({
      bytes: new Uint8Array(300 * width).fill(index),
      raw: { height: 100, width, channels: 3 },
      label: 0,
      origin: `photo ${index}`,
    }),
    close: async () => {},
  };
}

/** Tools that find the faces of each image of `images`. */
const toolsFor = (faces: (index: number) => readonly number[]) =>
  fakeTools(({ data }) => faces(data[0]!).map((side) => fakeFace(10, 10, side)));

describe('cropSource', () => {
  const crops = cropSource(images(3), {
    crop: defaultCrop,
    size: 16,
    reading: {},
    tools: toolsFor((index) => [[40], [20, 50], []][index]!),
  });

  it('gives the crop of the largest face as raw pixels', async () => {
    const record = await crops.get(1);
    expect(record).toMatchObject({
      raw: { height: 16, width: 16, channels: 3 },
      label: 0,
      origin: 'photo 1',
    });
    expect(new Set(record.bytes)).toEqual(new Set([1]));
    expect(crops).toMatchObject({ size: 3, classNames: ['ada'] });
  });

  it('rejects an image without a face, and says what to do', async () => {
    const error = await crops.get(2).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ problem: 'photo 2: no face found', advice: { option: 'align' } });
  });

  it('notes how many images have several faces', async () => {
    const output = recordOutput();
    await crops.get(0);
    await crops.get(1);
    crops.noteSeveralFaces(output);
    expect(output.lines).toEqual(['several faces on 1 image: the largest is taken']);
  });
});

describe('chooseAlignment', () => {
  const crop = { kind: 'box', scale: 1.2 } as const;

  async function choose(
    reading: ImageReading,
    side: (index: number) => number | null,
    count = 40,
    width = 100,
  ) {
    const output = recordOutput();
    let isLoaded = false;
    const tools = toolsFor((index) => [side(index)].filter((one) => one !== null));
    const load = async () => {
      isLoaded = true;
      return tools;
    };
    const chosen = await chooseAlignment(images(count, width), reading, load, output);
    return { chosen, lines: output.lines, isLoaded };
  }

  it('crops photos, in which faces are small', async () => {
    const { chosen, lines } = await choose({ crop }, () => 30);
    expect(chosen).toEqual(crop);
    expect(lines).toEqual([
      'faces are cropped: they fill 0 of 32 images looked at (--no-align takes images whole)',
    ]);
  });

  it('takes crops whole, in which faces are large, and images without a face', async () => {
    const whole = await choose({ crop }, (index) => (index % 4 === 0 ? 30 : 90));
    expect(whole.chosen).toBeNull();
    expect(whole.lines).toEqual([
      'images are taken whole: faces fill 24 of 32 of the images looked at (--align crops faces)',
    ]);
    // Photos taken whole cost more than crops that are cropped again.
    const even = await choose({ crop }, (index) => (index % 2 === 0 ? 30 : 90));
    expect(even.chosen).toEqual(crop);
    const none = await choose({ crop }, () => null, 3);
    expect(none.chosen).toBeNull();
    expect(none.lines[0]).toMatch(/^images are taken whole: no face found on 3 images looked at/);
  });

  it('does not take photos for crops because no face was found', async () => {
    const { chosen, lines } = await choose({ crop }, () => null, 2, 160);
    expect(chosen).toEqual(crop);
    expect(lines).toEqual([
      'faces are cropped: no face found on 2 images looked at, and most are no squares, as crops are (--no-align takes images whole)',
    ]);
  });

  it('names an image among crops that has no face', async () => {
    const { chosen, lines } = await choose({ crop }, (index) => (index === 3 ? null : 90));
    expect(chosen).toBeNull();
    expect(lines[1]).toBe("no face found on 1 image of 32, such as 'photo 3'");
  });

  it.each<[string, ImageReading, object | null]>([
    ['--no-align', { crop, align: false }, null],
    ['--align', { crop, align: true }, crop],
    ['--align and a model without a crop', { align: true }, defaultCrop],
    ['a model without a crop', {}, null],
  ])('follows %s without a look', async (_, reading, expected) => {
    const { chosen, isLoaded, lines } = await choose(reading, () => 30);
    expect([chosen, isLoaded, lines]).toEqual([expected, false, []]);
    expect(photoCrop(reading)).toEqual(expected);
  });

  it('crops single photos of a model with a crop', () => {
    expect(photoCrop({ crop })).toEqual(crop);
  });
});
