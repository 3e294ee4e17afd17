import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { identify } from './identify.ts';
import { verify } from './verify.ts';

/** A photo of four women that the package ships, 1920 × 1537 pixels. */
const group = join(
  dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')),
  'demo/sample6.jpg',
);
const common = { model: 'faceres', backend: 'wasm', threads: 1 } as const;

let folder = '';
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-photos-'));
  const portrait = (left: number, top: number, width: number, height: number) =>
    sharp(group).extract({ left, top, width, height }).jpeg({ quality: 92 });
  await portrait(100, 300, 600, 800).toFile(at('portrait.jpg'));
  await portrait(1400, 150, 500, 650).toFile(at('other.jpg'));
  await portrait(1000, 150, 450, 550).toFile(at('third.jpg'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Compares the portrait with an image that is made from it. */
async function compareWith(name: string, image: sharp.Sharp) {
  await image.toFile(at(name));
  const output = recordOutput();
  const result = await verify({ ...common, first: at('portrait.jpg'), second: at(name) }, output);
  return { ...result, lines: output.lines };
}

describe('verify with faceres and photos as they come', () => {
  it('tells two people apart, and frees its tensors', async () => {
    await verify({ ...common, first: at('portrait.jpg'), second: at('other.jpg') }, recordOutput());
    const before = tf.memory().numTensors;
    const answer = await verify(
      { ...common, first: at('portrait.jpg'), second: at('other.jpg') },
      recordOutput(),
    );
    expect(answer).toMatchObject({ exitCode: 1, data: { same: false } });
    expect(answer.data.probability).toBeLessThan(0.5);
    expect(answer.data.faces[0]!.box.width).toBeGreaterThan(150);
    expect(tf.memory().numTensors).toBe(before);
  });

  const portrait = () => sharp(at('portrait.jpg'));
  it.each<[string, () => sharp.Sharp, number]>([
    ['turned by its EXIF orientation', () => portrait().rotate(270).withMetadata({ orientation: 6 }), 0.98],
    ['turned by 30 degrees', () => portrait().rotate(30, { background: '#888' }), 0.95],
    ['turned by 90 degrees', () => portrait().rotate(90), 0.9],
    ['cut off at the edge', () => portrait().extract({ left: 0, top: 0, width: 350, height: 800 }), 0.85],
    ['grey', () => portrait().grayscale(), 0.8],
    ['of 12 megapixels', () => portrait().resize(3000, 4000, { fit: 'fill' }), 0.98],
    ['of 80 pixels, whose face has 32', () => portrait().resize(80), 0.7],
  ])('recognises a photo that is %s', async (name, image, cosine) => {
    const answer = await compareWith(`${name}.jpg`, image().jpeg({ quality: 92 }));
    expect(answer.data.cosine).toBeGreaterThan(cosine);
    expect(answer.exitCode).toBe(0);
  });

  it('compares the largest of several faces, and says so', async () => {
    const answer = await compareWith('group.jpg', sharp(group).jpeg());
    expect(answer.lines.join('\n')).toMatch(/group\.jpg: 4 faces; the largest is compared, \d+ × \d+ pixels/);
  });

  it.each<[string, () => sharp.Sharp, RegExp]>([
    [
      'has no face',
      () => sharp({ create: { width: 640, height: 480, channels: 3, background: '#8ac' } }),
      /no face found[\s\S]*--no-align/,
    ],
    ['is 40 pixels wide', () => portrait().resize(40), /its face has 1\d × 1\d pixels, too few to recognise/],
  ])('refuses a photo that %s, with the reason', async (name, image, message) => {
    await expect(compareWith(`${name}.png`, image().png())).rejects.toThrow(message);
  });

  it('takes a drawing for no person', async () => {
    const answer = await compareWith('drawing.png', sharp(drawing).png()).catch(String);
    // Whether a smiley is a face is the detector's choice.
    if (typeof answer === 'string') expect(answer).toContain('no face found');
    else expect(answer).toMatchObject({ exitCode: 1, data: { same: false } });
  });
});

const drawing = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600"><rect width="600" height="600" fill="white"/>' +
    '<circle cx="300" cy="300" r="220" fill="#ffe0b0" stroke="black"/><circle cx="220" cy="240" r="25"/>' +
    '<circle cx="380" cy="240" r="25"/><path d="M200 400 Q300 480 400 400" fill="none" stroke="black"/></svg>',
);
describe('identify with faceres and photos as they come', () => {
  it('names the faces of a photo from left to right, and leaves strangers unknown', async () => {
    for (const [name, file] of [
      ['Ada', 'portrait.jpg'],
      ['Grace', 'other.jpg'],
      ['Joan', 'third.jpg'],
    ] as const) {
      await mkdir(at(`family/${name}`), { recursive: true });
      await sharp(at(file))
        .resize({ width: 400 })
        .jpeg()
        .toFile(at(`family/${name}/1.jpg`));
    }
    const output = recordOutput();
    const { data, text, exitCode } = await identify(
      { ...common, paths: [group], gallery: at('family') },
      output,
    );
    expect(data.pictures.map(({ identity }) => identity)).toEqual(['Ada', null, 'Joan', 'Grace']);
    expect(text.split('\n')).toHaveLength(4);
    expect(exitCode).toBe(1);
    expect(data.question).toEqual({ kind: 'gallery', size: 3 });
    expect(data.threshold).toBeGreaterThan(0.5);
  });

  it('does not name a face that is too small', async () => {
    await sharp(at('portrait.jpg')).resize(40).png().toFile(at('tiny.png'));
    const { data, text } = await identify(
      { ...common, paths: [at('tiny.png')], gallery: at('family') },
      recordOutput(),
    );
    expect(data.pictures[0]).toMatchObject({ identity: null, reason: expect.stringContaining('too few') });
    expect(text).toMatch(/unknown: its face has 1\d × 1\d pixels/);
  });
});
