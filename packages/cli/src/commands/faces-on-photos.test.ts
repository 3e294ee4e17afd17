// @isolate: it replaces the module of the face detector.
import { readFile, writeFile } from 'node:fs/promises';
import type { PixelImage } from '@openset/data';
import { encodeModel } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeFace, fakeTools } from '../__fixtures__/fake-faces.ts';
import { describeModel, useModelFolder } from '../__fixtures__/model-folder.ts';
import { writePeople } from '../__fixtures__/people-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { decodeCsv } from '../files/csv.ts';
import { readModel } from '../model/load-model.ts';
import { calibrate } from './calibrate.ts';
import { embed } from './embed.ts';
import { type EnrollOptions, enroll } from './enroll.ts';
import { evaluate } from './evaluate.ts';
import { identify } from './identify.ts';
import { galleryInfo } from './people-info.ts';
import { type TrainResult, train } from './train.ts';
import { verify } from './verify.ts';

// Finds faces by the width of an image: none on 41 pixels, one that fills 50, two on 80, otherwise one in the middle of half the side.
const loads = vi.hoisted(() => ({ count: 0 }));
vi.mock('../faces/face-tools.ts', () => ({
  usualMinimumScore: 0.5,
  loadFaceTools: async () => {
    loads.count += 1;
    return fakeTools(({ width, height }: PixelImage) => {
      if (width === 41) return [];
      if (width === 50) return [fakeFace(1.5, 1.5, 46)];
      // Integers are pixel centres.
      const face = fakeFace(width / 4 - 0.5, height / 4 - 0.5, Math.min(width, height) / 2);
      return width === 80 ? [fakeFace(0, 0, 22, { score: 0.99 }), face] : [face];
    });
  },
}));

const { at, common: plain, image } = useModelFolder();
const common = { ...plain, featureCache: 'off' } as const;
/** A model that states its crop. */
const cropped = () => ({ ...common, model: at('cropped.safetensors') });
const crop = { kind: 'box', scale: 1 } as const;

beforeAll(async () => {
  await writePeople(at('large'), { people: 4, images: 4, side: 64 });
  const { description, state } = await readModel(common.model);
  await writeFile(at('cropped.safetensors'), await encodeModel({ ...description, crop }, state));
  tf.dispose(state);
  const scene = (width: number, height: number) =>
    sharp(at('large', 'person-0', 'image-0.png'))
      .resize(width, height, { fit: 'fill' })
      .png();
  await scene(80, 60).toFile(at('two.png'));
  await scene(41, 41).toFile(at('none.png'));
});
beforeEach(() => {
  loads.count = 0;
});

const photo = (person: number, number: number) => at('large', `person-${person}`, `image-${number}.png`);

describe('a model that states its crop', () => {
  it('compares the faces of photos in verify', async () => {
    const { data } = await verify({ ...cropped(), first: photo(0, 0), second: photo(0, 1) }, recordOutput());
    const face = { box: { x: 15.5, y: 15.5, width: 32, height: 32 }, score: 0.9 };
    expect(data.faces).toEqual([face, face]);
    const whole = await verify({ ...common, first: photo(0, 0), second: photo(0, 1) }, recordOutput());
    expect(whole.data.faces).toEqual([null, null]);
    expect(whole.data.cosine).not.toBe(data.cosine);
  });

  it('compares the largest of two faces, and says so', async () => {
    const output = recordOutput();
    const { data } = await verify({ ...cropped(), first: at('two.png'), second: photo(0, 1) }, output);
    expect(data.faces[0]!.box).toEqual({ x: 19.5, y: 14.5, width: 30, height: 30 });
    expect(output.lines.join()).toContain(
      `${at('two.png')}: several faces; the largest is compared, 30 × 30 pixels at (20, 15)`,
    );
  });

  it('rejects a photo without a face, unless images are taken whole', async () => {
    const options = { ...cropped(), first: at('none.png'), second: photo(0, 1) };
    await expect(verify(options, recordOutput())).rejects.toThrow(
      /1 image cannot be used:\n {2}.*none\.png: no face found\n--no-align takes images as they are/,
    );
    loads.count = 0;
    const whole = await verify({ ...options, align: false }, recordOutput());
    expect(whole.data.faces).toEqual([null, null]);
    expect(loads.count).toBe(0);
  });

  it('identifies every face of a probe', async () => {
    const output = recordOutput();
    const paths = [at('two.png'), photo(1, 0)];
    const { data, text } = await identify({ ...cropped(), gallery: at('large'), paths }, output);
    expect(data.pictures.map(({ path, face }) => [path, face!.score]).sort()).toEqual(
      [
        [at('two.png'), 0.9],
        [at('two.png'), 0.99],
        [photo(1, 0), 0.9],
      ].sort(),
    );
    expect(text.split('\n')).toHaveLength(3);
    expect(output.lines.join('\n')).toMatch(/faces are cropped: they fill 0 of 16 images looked at/);
  });

  it('gives the same embeddings of photos and of their crops', async () => {
    const output = recordOutput();
    const vectorsOf = async (paths: string[], align?: boolean) => {
      const out = at('vectors.jsonl');
      await embed({ ...cropped(), paths, out, align }, output);
      const lines = (await readFile(out, 'utf8')).trim().split('\n');
      return lines.flatMap((line) => (JSON.parse(line) as { embedding: number[] }).embedding);
    };
    const photos = await vectorsOf([photo(0, 0), photo(3, 1)]);
    expect(output.lines.join('\n')).toContain('faces are cropped: they fill 0 of 2 images looked at');
    const crops = [at('crop-0.png'), at('crop-3.png')];
    // The fake detector finds a face in the middle, of half the side; the network takes 16 pixels.
    for (const [index, path] of [photo(0, 0), photo(3, 1)].entries()) {
      const middle = sharp(path).extract({ left: 16, top: 16, width: 32, height: 32 });
      await middle.toFile(crops[index]!);
    }
    const whole = await vectorsOf(crops, false);
    photos.forEach((value, index) => {
      expect(Math.abs(value - whole[index]!)).toBeLessThan(0.05);
    });
    const others = await vectorsOf([photo(0, 0), photo(3, 1)], false);
    expect(Math.max(...photos.map((value, index) => Math.abs(value - others[index]!)))).toBeGreaterThan(0.1);
  });

  it('skips photos of a set without a face, and lists them', async () => {
    const paths = [photo(0, 0), at('none.png')];
    const options = { ...cropped(), paths, out: at('e.jsonl'), align: true };
    await expect(embed(options, recordOutput())).rejects.toThrow(/none\.png: no face found/);
    const { data } = await embed({ ...options, onBadImage: 'skip' }, recordOutput());
    expect(data).toMatchObject({ pictures: 1, skipped: 1 });
    const [, row] = decodeCsv(await readFile(data.skippedList!, 'utf8'));
    expect(row).toEqual([at('none.png'), 'no face found']);
  });
});

describe('a gallery of crops or of photos', () => {
  beforeAll(async () => {
    await writePeople(at('crops'), { people: 4, images: 1, side: 50 });
    await writePeople(at('photos'), { people: 4, images: 1, side: 64 });
  });
  const crops = (person: number) => at('crops', `person-${person}`, 'image-0.png');
  const search = async (gallery: string, path: string, align?: boolean) => {
    const output = recordOutput();
    const { data } = await identify({ ...cropped(), gallery: at(gallery), paths: [path], align }, output);
    return { picture: data.pictures[0]!, notes: output.lines.join('\n') };
  };

  it.each([
    ['crops', 'crops'],
    ['photos', 'photos'],
  ])('gives the image itself a cosine of 1: %s', async (gallery, folder) => {
    const { picture, notes } = await search(gallery, at(folder, 'person-2', 'image-0.png'));
    expect(picture).toMatchObject({ identity: 'person-2', cosine: expect.closeTo(1, 5) });
    expect(notes).not.toContain('warning');
    expect(picture.face === null).toBe(gallery === 'crops');
    if (gallery === 'crops')
      expect(notes).toContain('probes are taken whole, as the gallery: faces fill 1 of 1');
  });

  it('warns about photos as probes of a gallery of crops, unless the user says how to take images', async () => {
    const mixed = await search('crops', photo(1, 0));
    expect(mixed.picture.face).not.toBeNull();
    expect(mixed.notes).toContain(
      "warning: the gallery's images are taken whole, but probes are cropped to faces in a box of 1 times their size.",
    );
    const [both, neither] = [
      await search('crops', photo(1, 0), true),
      await search('crops', crops(1), false),
    ];
    expect([both.picture.face === null, neither.picture.face === null]).toEqual([false, true]);
    for (const { notes } of [both, neither]) expect(notes).not.toContain('warning');
  });

  it('crops a close portrait, which is no square', async () => {
    await sharp(crops(1)).resize(50, 70, { fit: 'fill' }).png().toFile(at('portrait.png'));
    const { picture, notes } = await search('crops', at('portrait.png'));
    expect(picture.face).not.toBeNull();
    expect(notes).toContain('warning: the gallery');
  });

  it('takes each probe as it is: crops whole, and the faces of photos beside them', async () => {
    const paths = [crops(1), at('two.png'), crops(2), at('none.png')];
    const output = recordOutput();
    const { data } = await identify({ ...cropped(), gallery: at('crops'), paths }, output);
    expect(data.pictures.map(({ path, face }) => [path, face?.box.width ?? null])).toEqual([
      [crops(1), null],
      [at('two.png'), 22],
      [at('two.png'), 30],
      [crops(2), null],
      // Among crops, a square without a face is one that is too tight for the detector.
      [at('none.png'), null],
    ]);
    expect(data.pictures[3]).toMatchObject({ identity: 'person-2', cosine: expect.closeTo(1, 5) });
    const notes = output.lines.join('\n');
    expect(notes).toContain(
      'probes that are crops are taken whole, as the gallery: faces fill 2 of 4 images looked at',
    );
    expect(notes).toContain('but other probes are cropped to faces in a box');
  });

  it('refuses a photo without a face among crops', async () => {
    await sharp(at('none.png')).resize(41, 80, { fit: 'fill' }).png().toFile(at('wide.png'));
    const paths = [crops(1), crops(2), at('wide.png')];
    const refused = identify({ ...cropped(), gallery: at('crops'), paths }, recordOutput());
    await expect(refused).rejects.toThrow(/^1 image cannot be used:\n.*wide\.png: no face found/);
  });

  it('still refuses a probe without a face', async () => {
    await expect(search('crops', at('none.png'))).rejects.toThrow(/no face found/);
  });
});

describe('enroll', () => {
  const add = async (gallery: string, photos: readonly string[], options: Partial<EnrollOptions> = {}) => {
    const output = recordOutput();
    const all = { ...cropped(), name: 'Ada', photos, gallery: at(gallery), ...options };
    return { ...(await enroll(all, output)), notes: output.lines.join('\n') };
  };

  it('takes the largest of two faces, with a note, and keeps how faces are cropped', async () => {
    const { data, text } = await add('two.db', [at('two.png'), photo(0, 1)]);
    expect(data.people[0]!.enrolled.map(({ faces }) => faces)).toEqual([2, 1]);
    expect(text).toContain(`${at('two.png')}: 2 faces; the largest is enrolled`);
    const { data: info } = await galleryInfo({ ...cropped(), gallery: at('two.db') }, recordOutput());
    expect(info.facts.crop).toEqual(crop);
    const found = await identify(
      { ...cropped(), gallery: at('two.db'), paths: [at('two.png')] },
      recordOutput(),
    );
    expect(found.data.pictures.map(({ face }) => face!.box.width)).toEqual([22, 30]);
  });

  it('refuses photos without a face, and faces that are too small', async () => {
    await sharp(photo(0, 0)).resize(30, 30).png().toFile(at('small.png'));
    const { data, notes, exitCode } = await add('refused.db', [at('none.png'), photo(0, 0), at('small.png')]);
    expect(exitCode).toBe(1);
    expect(data.people[0]!.enrolled.map(({ path }) => path)).toEqual([photo(0, 0)]);
    expect(data.people[0]!.refused).toEqual([
      { path: at('none.png'), reason: 'no face found' },
      { path: at('small.png'), reason: expect.stringMatching(/^its face has 15 × 15 pixels, too few/) },
    ]);
    expect(notes).toContain('--no-align takes images as they are, if they are crops of faces already');
  });

  it('takes crops as they are with --no-align, and then finds them on photos', async () => {
    const side = 32;
    await sharp(photo(2, 0))
      .extract({ left: 16, top: 16, width: side, height: side })
      .toFile(at('crop-2.png'));
    await add('crops.db', [at('crop-2.png')], { align: false });
    expect(loads.count).toBe(0);
    const { data } = await identify(
      { ...cropped(), gallery: at('crops.db'), paths: [photo(2, 0)] },
      recordOutput(),
    );
    expect(data.pictures[0]).toMatchObject({ identity: 'Ada', face: { box: { width: 32 } } });
    expect(data.pictures[0]!.cosine).toBeGreaterThan(0.99);
  });

  it('keeps the crop of --align for a model that states none', async () => {
    const photos = { gallery: at('points.db'), paths: [photo(0, 0)] };
    await add('points.db', [photo(0, 0)], { model: common.model, align: true });
    const { data } = await identify({ ...common, ...photos }, recordOutput());
    expect(data.pictures[0]).toMatchObject({ identity: 'Ada', cosine: expect.closeTo(1, 5) });
    expect(data.pictures[0]!.face).not.toBeNull();
    await add('whole.db', [photo(0, 0)], { model: common.model });
    const options = { ...common, ...photos, gallery: at('whole.db'), align: true };
    await expect(identify(options, recordOutput())).rejects.toThrow(
      /was enrolled with images as they are, but this program takes faces aligned by five points/,
    );
  });
});

describe('a model without a crop', () => {
  it('never loads the detector', async () => {
    await verify({ ...common, first: image(0, 0), second: image(0, 1) }, recordOutput());
    await evaluate({ ...common, data: at('faces') }, recordOutput());
    await identify({ ...common, gallery: at('faces'), paths: [image(0, 0)] }, recordOutput());
    expect(loads.count).toBe(0);
  });

  it('takes crops by points with --align, and a calibrated model records them', async () => {
    const out = at('calibrated.safetensors');
    await calibrate({ ...common, data: at('large'), align: true, out }, recordOutput());
    expect((await describeModel(out)).crop).toEqual({ kind: 'points' });
    await calibrate({ ...common, data: at('large'), out }, recordOutput());
    expect(await describeModel(out)).not.toHaveProperty('crop');
  });
});

describe('train', () => {
  const run = async (out: string, options: object) => {
    const output = recordOutput();
    const { data } = await train(
      { data: at('people'), out: at(out), config: at('small.json'), steps: 4, ...options },
      output,
    );
    return { data: data as TrainResult, lines: output.lines };
  };
  const configOf = async (out: string) =>
    JSON.parse(await readFile(at(out, 'config.json'), 'utf8')) as Record<string, unknown>;

  beforeAll(async () => {
    await writePeople(at('people'), { people: 8, images: 4, side: 48 });
    await sharp(at('none.png')).toFile(at('people', 'person-1', 'none.png'));
    const network = { backbone: 'small-cnn', width: 4, embeddingSize: 8, inputSize: 16, channels: 3 };
    await writeFile(
      at('small.json'),
      JSON.stringify({ network, batchSize: 8, backend: 'cpu', evaluateEvery: { steps: 2 } }),
    );
  });

  it('crops with --align, records it, and skips photos without a face', async () => {
    const { data } = await run('aligned', { align: true, onBadImage: 'skip' });
    expect(await configOf('aligned')).toMatchObject({ crop: { kind: 'points' }, align: true });
    expect((await describeModel(data.model!)).crop).toEqual({ kind: 'points' });
    const [, row] = decodeCsv(await readFile(data.skippedList!, 'utf8'));
    expect(row).toEqual(['person-1/none.png', 'no face found']);
    // Resuming the finished run reads the images again, and crops them alike.
    const before = await readFile(data.model!);
    const resumed = await train({ out: at('aligned'), resume: true }, recordOutput());
    expect(await readFile((resumed.data as TrainResult).model!)).toEqual(before);
  });

  it('does not crop by itself, and says so in the configuration', async () => {
    const { data } = await run('whole', {});
    expect(loads.count).toBe(0);
    expect(await configOf('whole')).toMatchObject({ crop: null, align: false });
    expect(await describeModel(data.model!)).not.toHaveProperty('crop');
  });

  it('refuses to change it when a run resumes', async () => {
    const resume = { out: at('whole'), resume: true } as const;
    await expect(train({ ...resume, align: true }, recordOutput())).rejects.toThrow(/Remove --align\.$/);
    await expect(train({ ...resume, align: false }, recordOutput())).rejects.toThrow(/Remove --no-align\.$/);
  });
});
