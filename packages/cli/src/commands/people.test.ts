import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { useModelFolder } from '../__fixtures__/model-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { enroll } from './enroll.ts';
import { forget } from './forget.ts';
import { identify } from './identify.ts';
import { operatingPoint } from './operating-point.ts';
import { people, renamePerson, showPerson } from './people.ts';
import { galleryInfo } from './people-info.ts';

const { at, common, image } = useModelFolder();
let gallery: string;
const add = (name: string, person: number, ...numbers: number[]) => {
  const photos = numbers.map((number) => image(person, number));
  return enroll({ ...common, name, photos, gallery }, recordOutput());
};
const namesOf = async () => (await people({ gallery })).data.people.map(({ name }) => name);
const idOf = async (name: string) =>
  (await people({ gallery })).data.people.find((person) => person.name === name)!.id;

beforeEach(async () => {
  gallery = at(`${randomUUID()}.db`);
  await add('Zoe', 1, 0);
  await add('Ada', 0, 0, 1);
});

describe('people', () => {
  it('are listed by name', async () => {
    const { data, text } = await people({ gallery });
    expect(data).toMatchObject({
      gallery,
      people: [
        { name: 'Ada', embeddingCount: 2, metadata: {} },
        { name: 'Zoe', embeddingCount: 1 },
      ],
    });
    expect(text.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['Ada', '2 photos', expect.stringMatching(/^\d{4}-\d\d-\d\d$/), data.people[0]!.id],
      ['Zoe', '1 photo', expect.stringMatching(/^\d{4}-\d\d-\d\d$/), data.people[1]!.id],
    ]);
  });

  it('are shown with their photos', async () => {
    const { data, text } = await showPerson({ gallery, name: 'Ada' });
    expect(data.photos.map(({ source }) => source!.split('#')[0])).toEqual(['image-0.png', 'image-1.png']);
    expect(Object.keys(data.photos[0]!).sort()).toEqual(['enrolledAt', 'id', 'model', 'source']);
    for (const { id } of data.photos) expect(text).toContain(id);
  });

  it('are renamed, and found under the new name', async () => {
    const id = await idOf('Ada');
    const { text, data } = await renamePerson({ gallery, name: 'Ada', newName: 'Ada Lovelace' });
    expect(text).toBe('Ada is now Ada Lovelace');
    expect(data).toMatchObject({ id, name: 'Ada Lovelace', embeddingCount: 2 });
    expect(await namesOf()).toEqual(['Ada Lovelace', 'Zoe']);
    const found = await identify({ ...common, gallery, paths: [image(0, 2)] }, recordOutput());
    expect(found.data.pictures[0]).toMatchObject({ identity: 'Ada Lovelace', id });
  });

  it.each([
    ['Adda', 'Bob', /^There is nobody named 'Adda' in the gallery\. Did you mean 'Ada'\?$/],
    ['Ada', 'Zoe', /has a person named 'Zoe'/],
    ['Ada', '', /^A name must not be empty/],
  ])('refuse to rename %s to %j', async (name, newName, message) => {
    await expect(renamePerson({ gallery, name, newName })).rejects.toThrow(message);
    expect(await namesOf()).toEqual(['Ada', 'Zoe']);
  });

  it('suggest a name for one that nobody has', async () => {
    await expect(showPerson({ gallery, name: 'zoë' })).rejects.toThrow(/Did you mean 'Zoe'\?$/);
    await expect(showPerson({ gallery, name: 'Somebody' })).rejects.toThrow(
      /^There is nobody named 'Somebody' in the gallery\.$/,
    );
  });

  it('need a gallery', async () => {
    const missing = at('none.db');
    for (const call of [
      () => people({ gallery: missing }),
      () => forget({ gallery: missing, name: 'Ada' }),
      () => identify({ ...common, gallery: missing, paths: [image(0, 0)] }, recordOutput()),
    ]) {
      await expect(call()).rejects.toThrow(
        /^There is no gallery '.*none\.db'\. 'openset enroll NAME PHOTOS' makes one; --gallery names another\.$/,
      );
    }
  });
});

describe('forget', () => {
  it('removes a person with all photos, also from the answers', async () => {
    const id = await idOf('Ada');
    const { data, text, exitCode } = await forget({ gallery, name: 'Ada', compact: true });
    expect(exitCode).toBeUndefined();
    expect(data).toMatchObject({ gallery, removed: true, photos: 2, person: { id, name: 'Ada' } });
    expect(text).toBe(`removed  Ada, 2 photos\ngallery  ${gallery}: 1 person, 1 photo`);
    expect(await namesOf()).toEqual(['Zoe']);
    const found = await identify({ ...common, gallery, paths: [image(0, 0)] }, recordOutput());
    expect(found.data.pictures[0]).toMatchObject({ identity: null, candidates: [{ identity: 'Zoe' }] });
  });

  it('removes by identifier, and one photo', async () => {
    const id = await idOf('Ada');
    const photo = (await showPerson({ gallery, name: 'Ada' })).data.photos[0]!;
    expect((await forget({ gallery, name: 'Ada', photo: photo.id })).data).toMatchObject({ photos: 1 });
    const left = (await showPerson({ gallery, name: 'Ada' })).data.photos;
    expect(left.map(({ source }) => source!.split('#')[0])).toEqual(['image-1.png']);
    // The photo can be enrolled again.
    expect((await add('Ada', 0, 0)).data.enrolled).toBe(1);
    await forget({ gallery, id });
    expect(await namesOf()).toEqual(['Zoe']);
  });

  it.each([
    [{ name: 'Adda' }, /^There is nobody named 'Adda' in the gallery\. Did you mean 'Ada'\?$/],
    [{ id: 'ada' }, /^There is nobody with the identifier 'ada'/],
    [{ name: 'Ada', photo: 'x' }, /^Ada has no photo 'x'\. 'openset people show Ada' lists them\.$/],
  ])('removes nothing for %j, with exit code 1', async (options, message) => {
    const { data, text, exitCode } = await forget({ gallery, ...options });
    expect([data.removed, data.photos, exitCode]).toEqual([false, 0, 1]);
    expect(text).toMatch(message);
    expect(await namesOf()).toEqual(['Ada', 'Zoe']);
  });

  it('asks, and takes no for an answer', async () => {
    const questions: string[] = [];
    const ask = (answer: boolean) => async (question: string) => {
      questions.push(question);
      return answer;
    };
    expect(await forget({ gallery, name: 'Ada', confirm: ask(false) })).toMatchObject({
      ...{ exitCode: 1, text: 'nothing removed', data: { removed: false } },
    });
    expect(await namesOf()).toEqual(['Ada', 'Zoe']);
    expect((await forget({ gallery, name: 'Ada', confirm: ask(true) })).data.removed).toBe(true);
    expect(questions[0]).toBe(`Remove Ada, 2 photos from ${gallery} for ever?`);
  });

  it.each([
    [{}, /^Nobody to forget/],
    [{ name: 'Ada', id: 'x' }, /not both/],
    [{ name: '' }, /is empty/],
  ])('refuses %j', async (options, message) => {
    await expect(forget({ gallery, ...options })).rejects.toThrow(message);
  });
});

describe('the threshold of a gallery', () => {
  const search = async (threshold?: number) =>
    (await identify({ ...common, gallery, threshold, paths: [image(0, 2)] }, recordOutput())).data;

  it("is the model's, until an operating point is set; --threshold overrides both", async () => {
    expect(await search()).toMatchObject({ threshold: 0.9, thresholdSource: 'learned' });
    const set = await operatingPoint({ gallery, cosine: 0.99999 }, recordOutput());
    expect(set.data).toMatchObject({ operatingPoint: { threshold: 0.99999, question: null }, missed: null });
    const strict = await search();
    expect(strict).toMatchObject({
      threshold: 0.99999,
      thresholdSource: 'gallery',
      pictures: [{ identity: null }],
    });
    expect(await search(0.5)).toMatchObject({ threshold: 0.5, thresholdSource: 'given' });
    const shown = await operatingPoint({ gallery }, recordOutput());
    expect(shown.data.operatingPoint!.threshold).toBe(0.99999);
    const cleared = await operatingPoint({ gallery, clear: true }, recordOutput());
    expect(cleared.data.operatingPoint).toBeNull();
    expect(await search()).toMatchObject({ threshold: 0.9, pictures: [{ identity: 'Ada' }] });
  });

  it.each([
    [{ cosine: 0.5, clear: true }, /exclude each other/],
    [{ cosine: 1.5 }, /from -1 up to 1/],
    [{ far: 0.01, model: 'model' }, /states no rates of false alarms in galleries/],
  ])('refuses %j', async (options, message) => {
    const model = 'model' in options ? common.model : undefined;
    await expect(operatingPoint({ ...common, gallery, ...options, model }, recordOutput())).rejects.toThrow(
      message,
    );
    expect((await operatingPoint({ gallery }, recordOutput())).data.operatingPoint).toBeNull();
  });
});

describe('people info', () => {
  it('describes the gallery and the threshold in force', async () => {
    const { data, text } = await galleryInfo({ ...common, gallery, model: undefined }, recordOutput());
    expect(data).toMatchObject({
      ...{ gallery, threshold: 0.9, thresholdSource: 'learned' },
      count: { people: 2, embeddings: 3 },
      facts: { embeddingSize: 8, crop: null, comparison: 'mean', operatingPoint: null },
    });
    expect(data.bytes).toBeGreaterThan(1000);
    expect(text).toMatch(/^compares with +the mean of the photos of a person$/m);
    expect(text).toMatch(/^model +.*model\.safetensors \(\w{12}\)$/m);
    await operatingPoint({ gallery, cosine: 0.7 }, recordOutput());
    const chosen = await galleryInfo({ gallery }, recordOutput());
    expect(chosen.data).toMatchObject({ threshold: 0.7, thresholdSource: 'gallery' });
  });

  it('says why the threshold is unknown', async () => {
    const output = recordOutput();
    const { data, text } = await galleryInfo({ ...common, gallery, model: at('none') }, output);
    expect(data).toMatchObject({ threshold: null, thresholdSource: null });
    expect(text).toMatch(/^threshold +unknown$/m);
    expect(output.lines.join('\n')).toMatch(/^threshold unknown: There is no model '.*none'/m);
  });
});
