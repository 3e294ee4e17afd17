import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { RecordIOWriter } from '@openset/data/node';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePeople } from '../__fixtures__/people-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { writeSmallModel } from '../__fixtures__/small-model.ts';
import { useBackend } from '../backends.ts';
import { findingKinds } from '../doctor/findings.ts';
import { type DoctorOptions, doctor } from './doctor.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'openset-doctor-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Writes four people with three images each, and returns the path of a file in their folder. */
async function cleanSet(name: string) {
  await writePeople(join(root, name), { people: 4, images: 3, side: 40, noise: 100 });
  return (...path: string[]) => join(root, name, ...path);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

async function check(data: string, options: Omit<DoctorOptions, 'data'> = {}) {
  const { data: result, text, exitCode } = await doctor({ data, ...options }, recordOutput());
  const kinds = result.findings.map(({ kind }) => kind);
  const finding = (kind: string) => result.findings.find((one) => one.kind === kind);
  const texts = (kind: string) => finding(kind)?.items.map((item) => item.text);
  return { result, text, exitCode, kinds, finding, texts };
}

it('finds nothing in a clean set, and describes it', async () => {
  const at = await cleanSet('clean');
  const { text, exitCode, result } = await check(at());
  expect(text).toBe(
    [
      'images             12 images of 4 people',
      'images per person  3',
      'formats            12 png',
      'shorter side       40 pixels',
      'colour             12 colour',
      'result  nothing to mend',
    ].join('\n'),
  );
  expect(exitCode).toBe(0);
  expect(result).toMatchObject({
    images: 12,
    people: 4,
    side: { minimum: 40, median: 40, maximum: 40 },
    formats: { png: 12 },
    findings: [],
    levels: { mend: 0, warning: 0, note: 0 },
  });
});

describe('damaged images', () => {
  it('are listed with their reasons, and do not count', async () => {
    const at = await cleanSet('damaged');
    writeFileSync(at('person-1', 'image-1.png'), 'not an image');
    writeFileSync(
      at('person-2', 'image-0.png'),
      readFileSync(at('person-2', 'image-0.png')).subarray(0, 900),
    );
    writeFileSync(at('person-3', 'image-2.png'), '');
    const { exitCode, kinds, finding, result, text } = await check(at());
    expect([exitCode, kinds]).toEqual([1, ['damaged']]);
    expect(finding('damaged')!.items.map(({ images }) => images)).toEqual([
      ['person-1/image-1.png'],
      ['person-2/image-0.png'],
      ['person-3/image-2.png'],
    ]);
    expect(text).toMatch(/^mend {5}damaged images {2}3 of 12 images: delete or replace them$/m);
    expect(text).toMatch(/^mend {5}damaged images {2}person-1\/image-1\.png: \S.*$/m);
    expect(result.imagesPerPerson).toEqual({ minimum: 2, median: 2, maximum: 3 });
  });

  it('lists the first 20, and all in the data', async () => {
    const at = await cleanSet('rotten');
    for (let image = 0; image < 23; image++)
      writeFileSync(at('person-0', `bad-${image}.png`), 'x'.repeat(image));
    const { finding, text } = await check(at());
    expect(finding('damaged')!.items).toHaveLength(23);
    expect(text.match(/bad-\d+\.png/g)).toHaveLength(20);
    expect(text).toContain('… and 3 more, all with --json');
  });

  it('can all be damaged', async () => {
    for (const person of ['a', 'b']) {
      mkdirSync(join(root, 'only-bad', person), { recursive: true });
      writeFileSync(join(root, 'only-bad', person, '1.png'), person);
    }
    const { exitCode, kinds, text } = await check(join(root, 'only-bad'));
    expect([exitCode, kinds]).toEqual([1, ['damaged', 'fewPeople']]);
    expect(text).toMatch(/^shorter side {7}none$/m);
  });
});

describe('equal content', () => {
  it('under two people must be mended', async () => {
    const at = await cleanSet('shared');
    copy(at('person-0', 'image-1.png'), at('person-2', 'renamed.png'));
    const { exitCode, kinds, texts, finding } = await check(at());
    expect([exitCode, kinds]).toEqual([1, ['sharedImage']]);
    expect(texts('sharedImage')).toEqual([
      "'person-0/image-1.png' (person-0) = 'person-2/renamed.png' (person-2)",
    ]);
    expect(finding('sharedImage')!.items[0]!.people).toEqual(['person-0', 'person-2']);
  });

  it('twice under one person is a note', async () => {
    const at = await cleanSet('repeated');
    copy(at('person-0', 'image-1.png'), at('person-0', 'again', 'x.png'));
    const { exitCode, kinds, texts } = await check(at());
    expect([exitCode, kinds]).toEqual([0, ['repeatedImage']]);
    expect(texts('repeatedImage')).toEqual(["'person-0/image-1.png' = 'person-0/again/x.png'"]);
  });

  it('of most images means one person under two names', async () => {
    const at = await cleanSet('two-names');
    for (const image of [0, 1]) copy(at('person-1', `image-${image}.png`), at('someone', `${image}.png`));
    const { texts } = await check(at());
    expect(texts('similarPeople')).toEqual(["'person-1' and 'someone' share 2 images"]);
    expect(texts('sharedImage')).toHaveLength(2);
  });
});

describe('near copies', () => {
  it('of another person are found after compression and scaling', async () => {
    const at = await cleanSet('near');
    await sharp(at('person-0', 'image-0.png')).jpeg({ quality: 80 }).toFile(at('person-1', 'a.jpg'));
    await sharp(at('person-2', 'image-1.png')).resize(80, 80).png().toFile(at('person-3', 'b.png'));
    const { exitCode, kinds, finding } = await check(at());
    expect([exitCode, kinds]).toEqual([0, ['nearCopy']]);
    expect(finding('nearCopy')!.items.map(({ images }) => images!.toSorted())).toEqual(
      expect.arrayContaining([
        ['person-0/image-0.png', 'person-1/a.jpg'],
        ['person-2/image-1.png', 'person-3/b.png'],
      ]),
    );
  });

  it('of the same person are a note', async () => {
    const at = await cleanSet('near-own');
    await sharp(at('person-0', 'image-0.png')).jpeg({ quality: 80 }).toFile(at('person-0', 'a.jpg'));
    expect((await check(at())).kinds).toEqual(['repeatedNearCopy']);
  });

  it('are not looked for among blank images', async () => {
    const at = await cleanSet('blank');
    for (const [person, value] of [200, 201, 0].entries()) {
      const pixels = new Uint8Array(40 * 40).fill(value);
      await sharp(pixels, { raw: { width: 40, height: 40, channels: 1 } })
        .png()
        .toFile(at(`person-${person}`, 'blank.png'));
    }
    expect((await check(at())).kinds).toEqual(['mixedColour']);
  });
});

describe('people', () => {
  it('with one image are counted', async () => {
    const at = await cleanSet('single');
    await writePeople(at(), { people: 2, images: 1, side: 40, noise: 100, first: 7 });
    const { exitCode, kinds, finding } = await check(at());
    expect([exitCode, kinds]).toEqual([0, ['oneImage']]);
    expect(finding('oneImage')!.items.map(({ people }) => people![0])).toEqual(['person-7', 'person-8']);
    expect(finding('oneImage')!.summary).toMatch(/^2 people have one image/);
  });

  it('who are alone, or all have one image, must be mended', async () => {
    await writePeople(join(root, 'alone'), { people: 1, images: 3, side: 40, noise: 100 });
    await writePeople(join(root, 'ones'), { people: 3, images: 1, side: 40, noise: 100 });
    const [alone, ones] = await Promise.all(['alone', 'ones'].map((name) => check(join(root, name))));
    expect([alone!.exitCode, alone!.kinds]).toEqual([1, ['fewPeople']]);
    expect([ones!.exitCode, ones!.kinds]).toEqual([1, ['noTwoImages', 'oneImage']]);
  });

  it('with most of the images are a warning', async () => {
    const at = await cleanSet('large');
    await writePeople(at(), { people: 1, images: 15, side: 40, noise: 100, first: 9 });
    const { exitCode, kinds, texts } = await check(at());
    expect([exitCode, kinds]).toEqual([0, ['imbalance']]);
    expect(texts('imbalance')).toEqual(['person-9: 15 of 27 images, 55.6 %']);
  });

  it('whose names differ only in case, blanks and hyphens are a warning', async () => {
    const at = await cleanSet('names');
    for (const image of [0, 1, 2]) {
      copy(at('person-3', `image-${image}.png`), at('Person_3', `${image}.png`));
      await rm(at('person-3', `image-${image}.png`));
    }
    await writePeople(at(), { people: 1, images: 2, side: 40, noise: 100, first: 3 });
    await rm(at('person-3', 'image-0.png'));
    await rm(at('person-3', 'image-1.png'));
    await writePeople(at(), { people: 1, images: 2, side: 40, noise: 100, first: 30 });
    for (const image of [0, 1]) {
      copy(at('person-30', `image-${image}.png`), at('person-3', `${image}.png`));
    }
    await rm(at('person-30'), { recursive: true });
    const { exitCode, kinds, finding } = await check(at());
    expect([exitCode, kinds]).toEqual([0, ['similarName']]);
    expect(finding('similarName')!.items[0]!.people!.toSorted()).toEqual(['Person_3', 'person-3']);
  });
});

describe('unusual images', () => {
  it('are notes: small, narrow, turned, grey among colour, with the ending of another format', async () => {
    const at = await cleanSet('unusual');
    const original = at('person-0', 'image-0.png');
    const write = (name: string, change: (image: sharp.Sharp) => sharp.Sharp) =>
      change(sharp(original)).toFile(at('person-0', name));
    await write('small.png', (image) => image.extract({ left: 0, top: 0, width: 20, height: 20 }).png());
    await write('narrow.png', (image) =>
      image.extract({ left: 5, top: 0, width: 32, height: 40 }).resize(32, 80, { fit: 'fill' }).flop().png(),
    );
    await write('grey.png', (image) => image.rotate(180).greyscale().toColourspace('srgb').png());
    await write('turned.jpg', (image) =>
      image.rotate(90).jpeg({ quality: 100 }).withMetadata({ orientation: 3 }),
    );
    await write('really-webp.jpg', (image) => image.flip().webp({ lossless: true }));
    const { exitCode, kinds, texts, result } = await check(at());
    expect(exitCode).toBe(0);
    expect(kinds).toEqual(['smallImage', 'narrowImage', 'mixedColour', 'turnedImage', 'otherEnding']);
    expect(texts('smallImage')).toEqual(['person-0/small.png: 20 × 20 pixels']);
    expect(texts('narrowImage')).toEqual(['person-0/narrow.png: 32 × 80 pixels']);
    expect(texts('turnedImage')).toEqual(['person-0/turned.jpg: EXIF orientation 3']);
    expect(texts('otherEnding')).toEqual(['person-0/really-webp.jpg: contains webp']);
    expect(result).toMatchObject({ grey: 1, colour: 16, orientations: { 3: 1 } });
  });
});

describe('pairs', () => {
  it('have images and people of the set: by content, by path, and by the name of the folder', async () => {
    const at = await cleanSet('train');
    const pairs = (...path: string[]) => join(root, 'pairs', ...path);
    await writePeople(pairs(), { people: 2, images: 3, side: 40, noise: 100, first: 50 });
    copy(at('person-1', 'image-2.png'), pairs('person-50', 'leaked.png'));
    copy(pairs('person-51', 'image-0.png'), pairs('person-2', 'other.png'));
    const list = [
      'person-50/image-0.png,person-50/leaked.png,1',
      'person-50/image-1.png,person-2/other.png,0',
      'person-50/image-1.png,person-51/missing.png,0',
    ];
    writeFileSync(pairs('pairs.csv'), `${list.join('\n')}\n`);
    const { exitCode, kinds, finding, texts } = await check(at(), { pairs: pairs('pairs.csv') });
    expect([exitCode, kinds]).toEqual([1, ['pairsImage', 'damagedPairs', 'pairsPerson']]);
    expect(finding('pairsImage')!.items).toHaveLength(1);
    expect(texts('pairsImage')![0]).toMatch(
      /person-50\/leaked\.png' = 'person-1\/image-2\.png' \(person-1\)$/,
    );
    expect(finding('damagedPairs')!.items[0]!.images![0]).toMatch(/person-51\/missing\.png$/);
    expect(texts('pairsPerson')).toEqual(['person-2']);
  });

  it('of other people and images give no finding', async () => {
    const at = await cleanSet('train-apart');
    await writePeople(join(root, 'apart'), { people: 2, images: 2, side: 40, noise: 100, first: 60 });
    const list = [
      'person-60/image-0.png,person-60/image-1.png,1',
      'person-60/image-0.png,person-61/image-0.png,0',
    ];
    writeFileSync(join(root, 'apart', 'pairs.csv'), `${list.join('\n')}\n`);
    const { exitCode, kinds } = await check(at(), { pairs: join(root, 'apart', 'pairs.csv') });
    expect([exitCode, kinds]).toEqual([0, []]);
  });

  it('that are missing, or a folder without pairs, are errors', async () => {
    const at = await cleanSet('no-pairs');
    await expect(check(at(), { pairs: at('nothing.csv') })).rejects.toThrow(/There is no file/);
    await expect(check(at(), { images: at() })).rejects.toThrow(/^--images needs --pairs/);
  });
});

it('counts the files of a folder that are not read', async () => {
  const at = await cleanSet('left-out');
  writeFileSync(at('person-0', 'face.svg'), '');
  writeFileSync(at('person-0', 'notes.txt'), '');
  copy(at('person-0', 'image-0.png'), at('loose.png'));
  const { exitCode, kinds, finding } = await check(at());
  expect([exitCode, kinds]).toEqual([0, ['leftOut']]);
  expect(finding('leftOut')!.summary).toBe('1 .svg, 1 other, 1 image outside of class folders');
});

it('checks lists and record files', async () => {
  const at = await cleanSet('formats');
  const same = at('person-0', 'image-0.png');
  const list = [
    'path,label',
    ...[0, 1].flatMap((person) => [0, 1].map((image) => `person-${person}/image-${image}.png,p${person}`)),
  ];
  writeFileSync(at('list.csv'), `${list.join('\n')}\nperson-0/image-0.png,p1\n`);
  const writer = await RecordIOWriter.create(at('set.rec'));
  for (const [path, label] of [
    [same, 0],
    [at('person-0', 'image-1.png'), 0],
    [same, 1],
    [at('person-1', 'image-0.png'), 1],
  ] as const) {
    await writer.add(readFileSync(path), label);
  }
  await writer.add(Uint8Array.of(1, 2, 3), 1);
  await writer.close();
  const fromList = await check(at('list.csv'));
  expect(fromList.texts('sharedImage')).toEqual([
    "'person-0/image-0.png' (p0) = 'person-0/image-0.png' (p1)",
  ]);
  const records = await check(at('set.rec'));
  expect(records.kinds).toEqual(['damaged', 'sharedImage']);
  expect(records.texts('sharedImage')![0]).toMatch(
    /set\.rec, record 0' \(0\) = '.*set\.rec, record 2' \(1\)$/,
  );
  expect(records.finding('damaged')!.items).toHaveLength(1);
});

describe('with a model', () => {
  const model = () => join(root, 'model.safetensors');
  beforeAll(async () => {
    await useBackend('cpu');
    await writeSmallModel({ model: model(), weights: join(root, 'weights.safetensors') });
  });
  const options = () => ({ model: model(), backend: 'cpu' }) as const;

  it('finds an image that looks like that of another person', async () => {
    const at = await cleanSet('model');
    // A copy in few colours, whose dots hide it from the comparison of patterns.
    await sharp(at('person-0', 'image-0.png'))
      .png({ palette: true, colours: 64 })
      .toFile(at('person-1', 'a.png'));
    writeFileSync(at('person-2', 'image-0.png'), 'not an image');
    const { kinds, finding, result } = await check(at(), options());
    expect(kinds).toEqual(expect.arrayContaining(['damaged', 'similarImage']));
    const copy = ['person-0/image-0.png', 'person-1/a.png'];
    expect(finding('similarImage')!.items.map(({ images }) => images)).toContainEqual(copy);
    expect(result.images).toBe(13);
  });

  it('takes a set without a sound image', async () => {
    for (const person of ['a', 'b']) {
      mkdirSync(join(root, 'bad-with-model', person), { recursive: true });
      writeFileSync(join(root, 'bad-with-model', person, '1.png'), person);
    }
    const { exitCode, kinds } = await check(join(root, 'bad-with-model'), options());
    expect([exitCode, kinds]).toEqual([1, ['damaged', 'fewPeople']]);
  });

  it('rejects a missing model', async () => {
    const at = await cleanSet('no-model');
    await expect(check(at(), { ...options(), model: 'nowhere' })).rejects.toThrow(
      /^There is no model 'nowhere'/,
    );
  });
});

describe('docs/checking-images.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/checking-images.md'), 'utf8');

  it('shows what the command prints', async () => {
    const at = await cleanSet('documented');
    const people = ['Ada_Lovelace', 'Grace_Hopper', 'Alan_Turing', 'Emmy_Noether'];
    for (const [number, name] of people.entries()) await rename(at(`person-${number}`), at(name));
    copy(at('Ada_Lovelace', 'image-2.png'), at('Grace_Hopper', 'visit.png'));
    await sharp(at('Alan_Turing', 'image-0.png')).resize(64, 64).png().toFile(at('Emmy_Noether', 'alan.png'));
    await mkdir(at('Sofia_Kovalevskaya'));
    await rename(at('Alan_Turing', 'image-1.png'), at('Sofia_Kovalevskaya', 'image-0.png'));
    writeFileSync(at('Ada_Lovelace', 'notes.txt'), '');
    const { text, exitCode } = await check(at());
    expect(exitCode).toBe(1);
    expect(page).toContain(`\n\`\`\`\n${text}\n\`\`\`\n`);
  });

  it('lists all findings with their levels', () => {
    const rows = [...page.matchAll(/^\| ([^|]+) \| (mend|warning|note) \| [^|]+\.(?: [^|]+)? \|$/gm)];
    expect(rows.map(([, title, level]) => ({ title, level }))).toEqual(
      Object.values(findingKinds).map(({ title, level }) => ({ title, level })),
    );
  });
});
