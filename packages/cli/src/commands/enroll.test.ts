import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { encodeModel } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useModelFolder } from '../__fixtures__/model-folder.ts';
import { writePeople } from '../__fixtures__/people-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { readModel } from '../model/load-model.ts';
import { type EnrollOptions, enroll } from './enroll.ts';
import { identify } from './identify.ts';
import { people, showPerson } from './people.ts';

const { at, common, image } = useModelFolder();
const photosOf = (person: number, ...numbers: number[]) => numbers.map((number) => image(person, number));
let galleries = 0;
const newGallery = () => at(`gallery-${galleries++}.db`);

async function run(options: EnrollOptions) {
  const output = recordOutput();
  const result = await enroll({ ...common, ...options }, output);
  return { ...result, notes: output.lines.join('\n') };
}

const namesIn = async (gallery: string) =>
  (await people({ gallery })).data.people.map(({ name, embeddingCount }) => [name, embeddingCount]);

beforeAll(async () => {
  await writePeople(at('one'), { people: 1, images: 3, first: 7 });
  // The same network with another crop is another model.
  const { description, state } = await readModel(common.model);
  const crop = { kind: 'box', scale: 1 } as const;
  await writeFile(at('cropped.safetensors'), await encodeModel({ ...description, crop }, state));
  tf.dispose(state);
});

describe('a person', () => {
  it('is enrolled in a new gallery, and found in it', async () => {
    const gallery = newGallery();
    const before = tf.memory().numTensors;
    const { data, text, exitCode } = await run({ name: 'Ada', photos: photosOf(0, 0, 1), gallery });
    expect(tf.memory().numTensors).toBe(before);
    expect(exitCode).toBe(0);
    expect(data).toMatchObject({
      ...{ gallery, comparison: 'mean', enrolled: 2, kept: 0, refused: 0, stopped: false },
      model: { name: common.model, fingerprint: expect.stringMatching(/^[\da-f]{64}$/) },
      people: [{ name: 'Ada', isNew: true, kept: 0, refused: [], warnings: [] }],
    });
    expect(data.people[0]!.enrolled.map(({ path, faces }) => [path, faces])).toEqual([
      [image(0, 0), null],
      [image(0, 1), null],
    ]);
    expect(text).toBe(`enrolled  Ada: 2 photos (new)\ngallery   ${gallery} (new): 1 person, 2 photos`);
    const found = await identify({ ...common, gallery, paths: photosOf(0, 3) }, recordOutput());
    expect(found).toMatchObject({ exitCode: 0, data: { pictures: [{ identity: 'Ada' }] } });
    expect(found.data.pictures[0]!.id).toBe(data.people[0]!.id);
  });

  it('keeps the names of the files, without their folders', async () => {
    const gallery = newGallery();
    await run({ name: 'Ada', photos: photosOf(0, 0), gallery });
    const { data } = await showPerson({ gallery, name: 'Ada' });
    expect(data.photos).toHaveLength(1);
    expect(data.photos[0]!.source).toMatch(/^image-0\.png#[\da-f]{16}$/);
  });

  it('gets each photo once, whatever its name', async () => {
    const gallery = newGallery();
    await run({ name: 'Ada', photos: photosOf(0, 0, 1), gallery });
    await copyFile(image(0, 1), at('copy.png'));
    const photos = [at('copy.png'), ...photosOf(0, 0, 2, 2)];
    const { data, text, exitCode } = await run({ name: 'Ada', photos, gallery });
    expect(data).toMatchObject({ enrolled: 1, kept: 3, refused: 0, people: [{ isNew: false, kept: 3 }] });
    expect(exitCode).toBe(0);
    expect(text).toMatch(/^total +1 photo enrolled, 3 were there before, 0 refused$/m);
    expect(await namesIn(gallery)).toEqual([['Ada', 3]]);
    const again = await run({ name: 'Ada', photos, gallery, metadata: { team: 'B' } });
    expect(again.data).toMatchObject({ enrolled: 0, kept: 4 });
    expect((await showPerson({ gallery, name: 'Ada' })).data.metadata).toEqual({ team: 'B' });
  });

  it('takes the photos of folders', async () => {
    const gallery = newGallery();
    const { data } = await run({ name: 'Eve', photos: [at('one')], gallery, metadata: { floor: 3 } });
    expect(data.enrolled).toBe(3);
    expect((await people({ gallery })).data.people[0]).toMatchObject({ metadata: { floor: 3 } });
  });

  it('gets the photos that can be used; the others are named with their reasons', async () => {
    const gallery = newGallery();
    const photos = [at('text.jpg'), image(0, 0)];
    const { data, text, exitCode } = await run({ name: 'Ada', photos, gallery });
    expect(exitCode).toBe(1);
    expect(data).toMatchObject({ enrolled: 1, refused: 1 });
    expect(data.people[0]!.refused).toEqual([
      { path: at('text.jpg'), reason: expect.stringMatching(/^cannot decode the image: /) },
    ]);
    expect(text).toMatch(/^refused +.*text\.jpg: cannot decode the image: /m);
  });

  it('leaves no gallery behind if no photo can be used', async () => {
    const gallery = newGallery();
    const { data, exitCode, text } = await run({ name: 'Ada', photos: [at('text.jpg')], gallery });
    expect(exitCode).toBe(1);
    expect(data).toMatchObject({ enrolled: 0, people: [{ id: null, isNew: false }] });
    expect(text).not.toContain('gallery');
    expect((await readdir(at())).filter((name) => at(name).startsWith(gallery))).toEqual([]);
  });
});

describe('warnings', () => {
  it('name the person who has the face already, and enroll it all the same', async () => {
    const gallery = newGallery();
    await run({ name: 'Ada', photos: photosOf(0, 0, 1), gallery });
    const { data, text, exitCode } = await run({ name: 'Bob', photos: photosOf(0, 2), gallery });
    expect(exitCode).toBe(0);
    const [warning] = data.people[0]!.warnings;
    expect(warning).toMatchObject({
      path: image(0, 2),
      kind: 'resembles',
      identity: 'Ada',
      threshold: 0.9,
    });
    expect(warning!.cosine).toBeGreaterThan(0.9);
    expect(text).toMatch(/^warning +.*image-2\.png: this face could be Ada, .*threshold 0\.900\)$/m);
    expect(await namesIn(gallery)).toEqual([
      ['Ada', 2],
      ['Bob', 1],
    ]);
  });

  it('name the photo that is unlike the others', async () => {
    const gallery = newGallery();
    const photos = [...photosOf(0, 0, 1, 2), ...photosOf(1, 0)];
    const { data } = await run({ name: 'Ada', photos, gallery });
    expect(data.people[0]!.warnings).toContainEqual(
      expect.objectContaining({ path: image(1, 0), kind: 'unlike-others', identity: null }),
    );
  });

  it('stop the enrollment of the person with --strict, before anything is written', async () => {
    const gallery = newGallery();
    await run({ name: 'Ada', photos: photosOf(0, 0, 1), gallery });
    const photos = [...photosOf(0, 2), ...photosOf(1, 0)];
    const { data, exitCode, text } = await run({ name: 'Bob', photos, gallery, strict: true });
    expect(exitCode).toBe(1);
    expect(data).toMatchObject({ enrolled: 0, refused: 2, people: [{ id: null, isNew: false }] });
    expect(data.people[0]!.refused[0]!.reason).toContain('--strict');
    expect(text).toMatch(/^warning/m);
    expect(await namesIn(gallery)).toEqual([['Ada', 2]]);
    const unknown = newGallery();
    const mixed = [...photosOf(0, 0, 1), ...photosOf(1, 0)];
    await run({ name: 'Ada', photos: mixed, gallery: unknown, strict: true });
    expect((await readdir(at())).filter((name) => at(name).startsWith(unknown))).toEqual([]);
  });
});

describe('many people', () => {
  it('are found as in their folder, with the same cosines', async () => {
    const gallery = newGallery();
    const { data, exitCode } = await run({ data: at('faces'), gallery });
    expect(exitCode).toBe(0);
    expect(data).toMatchObject({ enrolled: 16, kept: 0, refused: 0 });
    expect(data.people.map(({ name }) => name)).toEqual([0, 1, 2, 3].map((person) => `person-${person}`));
    const paths = [at('faces'), at('strangers')];
    const options = { ...common, paths, featureCache: 'off' };
    const stored = await identify({ ...options, gallery }, recordOutput());
    const folder = await identify({ ...options, gallery: at('faces') }, recordOutput());
    expect(stored.data.threshold).toBe(folder.data.threshold);
    const plain = ({ data: found }: typeof stored) =>
      found.pictures.map(({ path, identity, candidates }) => ({
        ...{ path, identity },
        candidates: candidates.map((candidate) => [candidate.identity, candidate.cosine]),
      }));
    expect(plain(stored)).toEqual(plain(folder));
  });

  it('continue where they were stopped, and lose nobody who was reported', async () => {
    const gallery = newGallery();
    let asked = 0;
    const signal = {
      get aborted() {
        asked += 1;
        return asked > 2;
      },
    } as AbortSignal;
    const stopped = await run({ data: at('faces'), gallery, signal });
    expect(stopped).toMatchObject({ exitCode: 130, data: { stopped: true, enrolled: 8 } });
    expect(stopped.text).toMatch(/^stopped +after 2 of 4 people; the same command continues$/m);
    expect(await namesIn(gallery)).toEqual([
      ['person-0', 4],
      ['person-1', 4],
    ]);
    const { data } = await run({ data: at('faces'), gallery });
    expect(data).toMatchObject({ stopped: false, enrolled: 8, kept: 8 });
    expect((await namesIn(gallery)).map(([, photos]) => photos)).toEqual([4, 4, 4, 4]);
    expect((await run({ data: at('faces'), gallery })).data).toMatchObject({ enrolled: 0, kept: 16 });
  });

  it('are enrolled in groups of photos, so that a stop costs little', async () => {
    await writePeople(at('crowd'), { people: 12, images: 4, first: 40 });
    const gallery = newGallery();
    const { data } = await run({ data: at('crowd'), gallery });
    expect(data).toMatchObject({ enrolled: 48, refused: 0 });
    expect((await namesIn(gallery)).map(([, photos]) => photos)).toEqual(new Array(12).fill(4));
  });
});

describe('a gallery', () => {
  it('compares as it was created', async () => {
    const gallery = newGallery();
    const photos = photosOf(0, 0, 1);
    expect((await run({ name: 'Ada', photos, gallery, compare: 'best' })).data.comparison).toBe('best');
    expect((await run({ name: 'Bob', photos: photosOf(1, 0), gallery })).data.comparison).toBe('best');
    await expect(run({ name: 'Eve', photos: photosOf(2, 0), gallery, compare: 'mean' })).rejects.toThrow(
      /compares with the best embedding of a person, not with the mean/,
    );
    expect(await namesIn(gallery)).toHaveLength(2);
    const { data } = await identify({ ...common, gallery, paths: photos }, recordOutput());
    for (const { cosine } of data.pictures) expect(cosine).toBeCloseTo(1, 5);
  });

  it('is created in an empty file, too', async () => {
    const gallery = newGallery();
    await writeFile(gallery, '');
    await expect(people({ gallery })).rejects.toThrow(/^There is no gallery/);
    expect((await run({ name: 'Ada', photos: photosOf(0, 0), gallery })).data.enrolled).toBe(1);
  });

  it('names its model, which is used without --model', async () => {
    const gallery = newGallery();
    await run({ name: 'Ada', photos: photosOf(0, 0), gallery });
    const { notes, data } = await run({ name: 'Ada', photos: photosOf(0, 1), gallery, model: undefined });
    expect(notes).toContain(`model: ${common.model}, as the gallery ${gallery}`);
    expect(data.enrolled).toBe(1);
    const output = recordOutput();
    const { backend } = common;
    const found = await identify({ backend, gallery, paths: photosOf(0, 3) }, output);
    expect(found.data.pictures[0]!.identity).toBe('Ada');
    expect(output.lines.join('\n')).toContain(`model: ${common.model}, as the gallery`);
  });

  it('refuses another model, and names both', async () => {
    const gallery = newGallery();
    await run({ name: 'Ada', photos: photosOf(0, 0), gallery });
    const other = { model: at('cropped.safetensors'), gallery, align: false };
    const message =
      /was made with the model '.*model\.safetensors' \(\w{12}\), but this is '.*cropped\.safetensors'/;
    await expect(run({ ...other, name: 'Bob', photos: photosOf(1, 0) })).rejects.toThrow(message);
    const probe = { ...common, ...other, paths: photosOf(0, 0) };
    await expect(identify(probe, recordOutput())).rejects.toThrow(message);
    expect(await namesIn(gallery)).toEqual([['Ada', 1]]);
  });
});

describe('refuses', () => {
  const photos = photosOf(0, 0);
  it.each<[string, () => EnrollOptions, RegExp]>([
    ['nobody', () => ({}), /^Nobody to enroll: give a name and photos/],
    ['a name alone', () => ({ name: 'Ada', photos: [] }), /^No photos of 'Ada'/],
    [
      'a folder of people as a name',
      () => ({ name: at('faces') }),
      /--data .*faces enrolls the people of that folder\.$/,
    ],
    ['an empty name', () => ({ name: ' ', photos }), /^A name must not be empty\.$/],
    ['a name with a line end', () => ({ name: 'A\nB', photos }), /has characters that cannot be shown/],
    [
      'a name of 201 characters',
      () => ({ name: 'a'.repeat(201), photos }),
      /may have 200 characters, but has 201/,
    ],
    ['a name and --data', () => ({ name: 'Ada', data: at('faces') }), /^--data has the names and the photos/],
    [
      'metadata of many people',
      () => ({ data: at('faces'), metadata: {} }),
      /^--metadata belongs to one person/,
    ],
    [
      'a missing photo',
      () => ({ name: 'Ada', photos: [at('none.jpg')] }),
      /^There is no file or folder '.*none\.jpg'/,
    ],
    [
      'a folder as the gallery',
      () => ({ name: 'Ada', photos, gallery: at('faces') }),
      /faces' is a folder: .* --data FOLDER'/,
    ],
    [
      'a list as the gallery',
      () => ({ name: 'Ada', photos, gallery: at('text.jpg') }),
      /text\.jpg' is no gallery: /,
    ],
    [
      'a gallery without an extension',
      () => ({ name: 'Ada', photos, gallery: at('new') }),
      /new' is no gallery: .*\.db, \.sqlite/,
    ],
    [
      'a gallery in a missing folder',
      () => ({ name: 'Ada', photos, gallery: at('no', 'new.db') }),
      /there is no folder '.*no'/,
    ],
    [
      'a gallery that is text',
      () => ({ name: 'Ada', photos, gallery: at('text.db') }),
      /text\.db is no gallery: it is no SQLite database/,
    ],
    ['a missing model', () => ({ name: 'Ada', photos, model: at('none') }), /^There is no model '.*none'/],
    [
      'a folder that names nobody',
      () => ({ data: at('blank') }),
      /blank: The name .* has characters that cannot be shown/,
    ],
  ])('%s, before anything is written', async (_, optionsOf, message) => {
    await copyFile(at('text.jpg'), at('text.db'));
    await mkdir(at('blank', 'a\u0001b'), { recursive: true });
    await copyFile(image(0, 0), at('blank', 'a\u0001b', '1.png'));
    const gallery = newGallery();
    await expect(run({ gallery, ...optionsOf() })).rejects.toThrow(message);
    const files = (await readdir(at())).filter((name) => /^(gallery-\d+|new)/.test(name));
    expect(files.filter((name) => at(name).startsWith(gallery) || name.startsWith('new'))).toEqual([]);
    await rm(at('blank'), { recursive: true });
  });
});
