import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { useBackend } from '../backends.ts';
import { loadFaceTools } from '../faces/face-tools.ts';
import { findFaces } from '../faces/find-faces.ts';
import { type AlignOptions, align } from './align.ts';

/** Photos that an installed package ships: three faces in a row. */
const sample = join(
  dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')),
  'demo/sample1.jpg',
);
let folder = '';
const at = (...path: string[]) => join(folder, ...path);

beforeAll(async () => {
  await useBackend('wasm', { threads: 1 });
  folder = await mkdtemp(join(tmpdir(), 'openset-align-'));
  for (const name of ['photos/ada', 'photos/grace/deep']) await mkdir(at(name), { recursive: true });
  const small = await sharp(sample).resize(640).jpeg().toBuffer();
  await writeFile(at('photos/ada/three.jpg'), small);
  // On its side, with the EXIF orientation that turns it upright.
  const onSide = await sharp(small)
    .rotate(270)
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 95 })
    .toBuffer();
  await writeFile(at('photos/grace/deep/turned.jpg'), onSide);
  const plain = sharp({ create: { width: 200, height: 100, channels: 3, background: '#6495ed' } });
  await plain.png().toFile(at('photos/grace/sky.png'));
  await writeFile(at('photos/grace/bad.jpg'), 'no image');
});
afterAll(() => rm(folder, { recursive: true }));

const run = (options: Partial<AlignOptions> = {}, output = recordOutput()) =>
  align({ backend: 'wasm', threads: 1, paths: [at('photos')], out: at('crops'), ...options }, output);
const filesIn = async (path: string) =>
  (await readdir(path, { recursive: true })).filter((name) => name.includes('.')).sort();

describe('align', () => {
  it('writes a crop for each photo under its name, and rejects the others with reasons', async () => {
    const { data, text, exitCode } = await run();
    expect(exitCode).toBe(0);
    expect(data).toMatchObject({ photos: 4, aligned: 2, crops: 2, rejected: 2, kept: 0, stopped: false });
    expect(data.reasons).toEqual({ 'no face': 1, unreadable: 1 });
    expect(await filesIn(at('crops'))).toEqual([
      'ada/three.png',
      'align.jsonl',
      'contact-sheet.html',
      'grace/deep/turned.png',
      'rejects.csv',
    ]);
    const [header, ...rejects] = (await readFile(data.rejects, 'utf8')).trim().split('\n');
    expect(header).toBe('path,reason');
    expect(rejects[0]).toMatch(/^grace\/bad\.jpg,"?cannot decode the image: /);
    expect(rejects[1]).toBe('grace/sky.png,no face found');
    expect(text).toContain('reasons        no face 1, unreadable 1');
    const { width, height } = await sharp(at('crops/ada/three.png')).metadata();
    expect([width, height]).toEqual([112, 112]);
  });

  it('puts the eyes where the template has them, also on a photo turned by EXIF', async () => {
    for (const name of ['ada/three.png', 'grace/deep/turned.png']) {
      const bytes = new Uint8Array(await readFile(at('crops', name)));
      const crop = await findFaces({ bytes, label: -1, origin: name }, {}, await loadFaceTools());
      const [[leftX, leftY], [rightX, rightY]] = crop.faces[0]!.landmarks;
      for (const [found, template] of [
        [leftX, 38.3],
        [leftY, 51.7],
        [rightX, 73.5],
        [rightY, 51.5],
      ] as const) {
        expect(Math.abs(found - template)).toBeLessThan(4);
      }
    }
  });

  it('keeps crops of photos that have not changed, and redoes others', async () => {
    await cp(at('photos'), at('more'), { recursive: true });
    await cp(at('crops'), at('resumed'), { recursive: true });
    const before = (await stat(at('resumed/ada/three.png'))).mtimeMs;
    const again = await run({ paths: [at('more')], out: at('resumed') });
    expect(again.data).toMatchObject({ kept: 4, crops: 2, rejected: 2 });
    expect((await stat(at('resumed/ada/three.png'))).mtimeMs).toBe(before);
    await cp(at('more/grace/sky.png'), at('more/ada/three.jpg'));
    await rm(at('more/grace/bad.jpg'));
    const changed = await run({ paths: [at('more')], out: at('resumed') });
    expect(changed.data).toMatchObject({ photos: 3, kept: 2, crops: 1, rejected: 2 });
    expect(await filesIn(at('resumed'))).not.toContain('ada/three.png');
  });

  it('writes the same with worker threads as without', async () => {
    const { data } = await run({ out: at('workers'), workers: 2 });
    expect(data).toMatchObject({ photos: 4, aligned: 2, crops: 2, rejected: 2 });
    for (const name of await filesIn(at('crops'))) {
      // The links of the contact sheet are relative, and the settings are the same.
      expect(await readFile(at('workers', name)), name).toEqual(await readFile(at('crops', name)));
    }
    expect(await filesIn(at('workers'))).toEqual(await filesIn(at('crops')));
  });

  it('stops when asked to, and continues with the same command', async () => {
    const stop = AbortSignal.abort();
    const stopped = await run({ out: at('stopped'), signal: stop });
    expect(stopped).toMatchObject({ exitCode: 130, data: { stopped: true } });
    expect(stopped.text).toContain('stopped        after 1 of 4 photos; the same command continues');
    const { data, exitCode } = await run({ out: at('stopped') });
    expect([exitCode, data.kept, data.crops]).toEqual([0, 1, 2]);
  });

  it('crops all faces of a photo, and makes crops again that were deleted', async () => {
    const options = { paths: [at('photos/ada')], out: at('all'), select: 'all', size: 64 } as const;
    const { data } = await run(options);
    expect(data.crops).toBe(3);
    const crops = ['three-face2.png', 'three-face3.png', 'three.png'];
    expect((await filesIn(at('all'))).filter((name) => name.endsWith('.png'))).toEqual(crops);
    await rm(at('all/three-face3.png'));
    expect((await run(options)).data).toMatchObject({ kept: 0, crops: 3 });
    expect((await sharp(at('all/three-face3.png')).metadata()).width).toBe(64);
  });

  it('takes the crop and the size of a model', async () => {
    await run({ paths: [at('photos/ada')], out: at('for'), for: 'faceres' });
    expect((await sharp(at('for/three.png')).metadata()).width).toBe(224);
    const [header] = (await readFile(at('for/align.jsonl'), 'utf8')).split('\n');
    expect(JSON.parse(header!)).toMatchObject({ crop: { kind: 'box', scale: 1.2 }, size: 224 });
  });

  it('lists the crops of a list with their people', async () => {
    await writeFile(at('list.csv'), 'path,label\nphotos/ada/three.jpg,Ada\nphotos/grace/sky.png,Grace\n');
    const { data } = await run({ paths: [at('list.csv')], out: at('listed') });
    expect(await readFile(data.list!, 'utf8')).toBe('path,label\nphotos/ada/three.png,Ada\n');
  });

  it('answers no if no photo has a face', async () => {
    const { exitCode, data } = await run({ paths: [at('photos/grace/sky.png')], out: at('none') });
    expect([exitCode, data.crops]).toEqual([1, 0]);
  });

  it('leaves no tensors behind but those of the detector', async () => {
    const before = tf.memory().numTensors;
    await run({ out: at('leaks') });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses crops among the photos behind a link, and a link to the photos', async () => {
    await symlink(at('photos'), at('link'));
    for (const [photos, crops] of [
      ['link', 'photos/crops'],
      ['photos', 'link/crops'],
    ] as const) {
      const refused = run({ paths: [at(photos)], out: at(crops) });
      await expect(refused).rejects.toThrow(/would mix. Choose a folder outside/);
    }
    await rm(at('link'));
  });

  it.each<[string, Partial<AlignOptions>, RegExp]>([
    ['crops among the photos', { out: 'photos/crops' }, /would mix. Choose a folder outside/],
    ['photos among the crops', { out: '' }, /would mix. Choose a folder outside/],
    [
      'a size that no memory holds',
      { size: 100_000 },
      /--size must be a whole number from 1 up to 4096, but is/,
    ],
    ['--crop and --for', { crop: { kind: 'points' }, for: 'm' }, /Remove --crop or --for/],
    ['a model that does not exist', { for: 'nowhere' }, /There is no model 'nowhere'/],
    ['a folder that does not exist', { paths: ['nowhere'] }, /There is no file or folder 'nowhere'/],
    ['other settings than those of the crops', { size: 96 }, /size was 112 and is 96/],
  ])('refuses %s', async (_, options, message) => {
    const out = options.out === undefined ? at('crops') : at(options.out);
    const before = await filesIn(folder);
    await expect(run({ ...options, out })).rejects.toThrow(message);
    expect(await filesIn(folder)).toEqual(before);
  });
});
