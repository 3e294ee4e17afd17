import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { enroll } from './enroll.ts';
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
    expect(answer.lines.join('\n')).toMatch(
      /group\.jpg: several faces; the largest is compared, \d+ × \d+ pixels/,
    );
  });

  it.each<[string, () => sharp.Sharp, RegExp]>([
    [
      'has no face',
      () => sharp({ create: { width: 640, height: 480, channels: 3, background: '#8ac' } }),
      /no face found[\s\S]*--no-align/,
    ],
    [
      'is 40 pixels wide',
      () => portrait().resize(40),
      /cannot be used:[\s\S]*its face has 1\d × 1\d pixels, too few to recognise/,
    ],
  ])('refuses a photo that %s, with the reason', async (name, image, message) => {
    await expect(compareWith(`${name}.png`, image().png())).rejects.toThrow(message);
  });

  it.each<[string, string]>([
    ['smiley', smiley],
    ['drawing of a person', drawnPerson],
  ])('finds no face in a %s', async (name, svg) => {
    await expect(compareWith(`${name}.png`, sharp(Buffer.from(svg)).png())).rejects.toThrow(/no face found/);
    const blurredByJpeg = sharp(Buffer.from(svg)).jpeg({ quality: 80 });
    await expect(compareWith(`${name}.jpg`, blurredByJpeg)).rejects.toThrow(/no face found/);
  });

  it.each<[string, (photo: Buffer) => Uint8Array, RegExp]>([
    ['cut.jpg', (photo) => photo.subarray(0, photo.length / 2), /the JPEG file is truncated/],
    ['text.jpg', () => Buffer.from('Dear Ada'), /cannot decode the image/],
    ['empty.jpg', () => new Uint8Array(), /the file is empty/],
  ])('refuses a damaged file, %s', async (name, damage, message) => {
    await writeFile(at(name), damage(await readFile(at('portrait.jpg'))));
    const options = { ...common, first: at('portrait.jpg'), second: at(name) };
    await expect(verify(options, recordOutput())).rejects.toThrow(message);
    await expect(verify(options, recordOutput())).rejects.toThrow(`1 image cannot be read:\n  ${at(name)}: `);
  });
});

const svgStart = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400">';
const smiley =
  `${svgStart}<rect width="400" height="400" fill="white"/><circle cx="200" cy="200" r="150" fill="#ffe0b0" ` +
  'stroke="black"/><circle cx="145" cy="160" r="17"/><circle cx="255" cy="160" r="17"/>' +
  '<path d="M130 260 Q200 320 270 260" fill="none" stroke="black"/></svg>';
const drawnEye = (x: number) =>
  `<ellipse cx="${x}" cy="175" rx="28" ry="14" fill="white" stroke="#333" stroke-width="3"/>` +
  `<circle cx="${x}" cy="175" r="11" fill="#47a"/><path d="M${x - 32} 150 q32 -18 64 0" fill="none" ` +
  'stroke="#3a2412" stroke-width="7"/>';
const drawnPerson =
  `${svgStart}<rect width="400" height="400" fill="#9cf"/><path fill="#f3c8a2" ` +
  'd="M95 190 Q95 60 200 60 Q305 60 305 190 Q300 290 240 330 Q200 350 160 330 Q100 290 95 190Z"/>' +
  `${drawnEye(150)}${drawnEye(250)}<path d="M200 180 Q190 225 182 235 Q200 248 218 235" fill="none" ` +
  'stroke="#b07a55" stroke-width="4"/><path d="M160 278 Q200 268 240 278 Q200 305 160 278Z" fill="#c55"/>' +
  '<path d="M80 220 Q70 40 200 40 Q330 40 320 220 Q310 120 250 105 Q150 130 110 120 Q85 160 80 220Z" ' +
  'fill="#3a2412"/></svg>';

describe('identify with faceres and photos as they come', () => {
  beforeAll(async () => {
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
  });

  it('names the faces of a photo from left to right, and leaves strangers unknown', async () => {
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

  it('gives the same answers for people who were enrolled in a file', async () => {
    const gallery = at('family.db');
    const data = at('family');
    const enrolled = await enroll({ ...common, data, gallery }, recordOutput());
    expect(enrolled).toMatchObject({ exitCode: 0, data: { enrolled: 3, refused: 0 } });
    // Joan and Ada resemble each other: one photo of each is too little to tell them apart for certain.
    expect(enrolled.data.people.flatMap(({ warnings }) => warnings)).toMatchObject([
      { path: 'Joan/1.jpg', kind: 'resembles', identity: 'Ada' },
    ]);
    const output = recordOutput();
    const { backend, threads } = common;
    const stored = await identify({ backend, threads, paths: [group], gallery }, output);
    expect(output.lines.join('\n')).toContain('model: faceres, as the gallery');
    const images = { ...common, paths: [group], gallery: data, align: true, featureCache: 'off' };
    const folder = await identify(images, recordOutput());
    expect(stored.data.threshold).toBe(folder.data.threshold);
    stored.data.pictures.forEach(({ identity, cosine }, index) => {
      expect(identity).toBe(['Ada', null, 'Joan', 'Grace'][index]);
      expect(cosine).toBeCloseTo(folder.data.pictures[index]!.cosine!, 5);
    });
  });

  it('names the person on photos of every kind', async () => {
    const upright = await sharp(at('portrait.jpg')).toBuffer();
    const turned = (degrees: number) => sharp(upright).rotate(degrees).toBuffer();
    const [, left, , right] = await Promise.all([0, 90, 180, 270].map(turned));
    const part = (left: number, top: number, width: number, height: number) =>
      sharp(upright).extract({ left, top, width, height });
    const wall = { width: 4000, height: 3000, channels: 3, background: '#465' } as const;
    const smallFace = await sharp(upright).resize(180).toBuffer();
    const kinds: Record<string, sharp.Sharp> = {
      // The stored pixels, which the orientation turns upright.
      'exif-1.jpg': sharp(upright).withMetadata({ orientation: 1 }),
      'exif-2.jpg': sharp(upright).flop().withMetadata({ orientation: 2 }),
      'exif-3.jpg': sharp(upright).rotate(180).withMetadata({ orientation: 3 }),
      'exif-4.jpg': sharp(upright).flip().withMetadata({ orientation: 4 }),
      'exif-5.jpg': sharp(left).flop().withMetadata({ orientation: 5 }),
      'exif-6.jpg': sharp(right).withMetadata({ orientation: 6 }),
      'exif-7.jpg': sharp(right).flop().withMetadata({ orientation: 7 }),
      'exif-8.jpg': sharp(left).withMetadata({ orientation: 8 }),
      'upside-down.jpg': sharp(upright).rotate(180),
      'right-edge.jpg': part(0, 0, 320, 800),
      'top-edge.jpg': part(0, 270, 600, 530),
      'bottom-edge.jpg': part(0, 0, 600, 410),
      'small-face-of-12-megapixels.jpg': sharp({ create: wall }).composite([
        { input: smallFace, left: 2700, top: 1300 },
      ]),
      'face-of-40-pixels.png': part(135, 200, 260, 260).resize(40),
      'cmyk.jpg': sharp(upright).toColourspace('cmyk'),
      'transparent.png': part(50, 100, 450, 600).extend({ left: 80, background: '#0000' }),
      'sixteen-bits.png': sharp(upright).toColourspace('rgb16'),
    };
    const names = Object.keys(kinds);
    for (const name of names) await kinds[name]!.toFile(at(name));
    const options = { ...common, paths: names.map(at), gallery: at('family') };
    const { data, exitCode } = await identify(options, recordOutput());
    expect(data.pictures.map(({ path, identity }) => [path, identity])).toEqual(
      names.map((name) => [at(name), 'Ada']),
    );
    expect(exitCode).toBe(0);
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
