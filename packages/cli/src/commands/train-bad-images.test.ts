import { rmSync } from 'node:fs';
import { copyFile, cp, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordIOWriter } from '@openset/data/node';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writePeople } from '../__fixtures__/people-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import type { Settings } from '../config/settings.ts';
import { decodeCsv } from '../files/csv.ts';
import type { Output } from '../output.ts';
import { type TrainOptions, type TrainResult, train } from './train.ts';

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const image = (set: string, person: number, number: number) =>
  at(set, `person-${person}`, `image-${number}.png`);

/** 60 images of 10 people; of one of them, all are damaged in `bad`. */
const people = { people: 10, images: 6 };
const ofOthers = [
  [0, 0],
  [2, 5],
  [4, 3],
  [9, 1],
] as const;
const damaged = [...[0, 1, 2, 3, 4, 5].map((number) => [7, number] as const), ...ofOthers];
const damagedPaths = damaged.map(([person, number]) => `person-${person}/image-${number}.png`).sort();
const small: Settings = {
  network: { backbone: 'small-cnn', width: 4, embeddingSize: 8, inputSize: 16, channels: 3 },
  batchSize: 8,
  backend: 'cpu',
  evaluateEvery: { steps: 4 },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-bad-'));
  await writePeople(at('faces'), people);
  await cp(at('faces'), at('bad'), { recursive: true });
  for (const [person, number] of damaged) await writeFile(image('bad', person, number), 'not an image');
  await writeFile(at('small.json'), JSON.stringify(small));
});
afterAll(() => rm(folder, { recursive: true }));

async function run(options: Partial<TrainOptions>, output: Output = recordOutput()) {
  const given = options.resume ? {} : { config: at('small.json'), steps: 8 };
  const result = await train({ out: at('run'), ...given, ...options }, output);
  return { ...result, data: result.data as TrainResult };
}

/** Trains until a step and stops as Ctrl-C does. */
async function runUntil(step: number, options: Partial<TrainOptions>) {
  const controller = new AbortController();
  const output = recordOutput();
  const write = (line: string) => {
    if (line.startsWith(`evaluation at step ${step}`)) controller.abort(new Error('stop'));
  };
  const stopped = await run({ ...options, signal: controller.signal }, { ...output, stream: { write } });
  expect(stopped.data.stopped).toBe(true);
}

async function linesOf(work: Promise<unknown>): Promise<string[]> {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (reason: Error) => reason,
  );
  return error.message.split('\n');
}
const named = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith('  ')).map((line) => line.slice(2).split(': ')[0]);
const readCsv = async (name: string) => decodeCsv(await readFile(at(name, 'skipped.csv'), 'utf8'));
const modelOf = (name: string) => readFile(at(name, 'model.safetensors'));
const readConfig = async (name: string) => JSON.parse(await readFile(at(name, 'config.json'), 'utf8'));

describe('a set in memory', () => {
  it('is refused with all bad images, before anything is written', async () => {
    const lines = await linesOf(run({ data: at('bad'), out: at('refused') }));
    expect(lines[0]).toBe('10 images cannot be read:');
    expect(named(lines)).toEqual(damagedPaths);
    expect(lines.at(-1)).toBe('Mend or delete them, or skip them with --on-bad-image skip.');
    const limited = run({ data: at('bad'), out: at('refused'), onBadImage: 'skip', maxBad: 0.1 });
    expect((await linesOf(limited))[0]).toBe(
      '10 images of 60 (16.7 %) cannot be read, more than --max-bad 10.0 % allows:',
    );
    expect(await readdir(folder)).not.toContain('refused');
  });

  it('trains as if the bad images were not there, and lists them', async () => {
    const output = recordOutput();
    const { data, text } = await run({ data: at('bad'), out: at('skipped'), onBadImage: 'skip' }, output);
    expect(output.lines[0]).toMatch(/^skipped +10 images that cannot be read; 1 person has no other$/m);
    expect(data).toMatchObject({ skipped: 10, skippedList: at('skipped', 'skipped.csv') });
    expect(text).toContain(`10 images, listed in ${at('skipped', 'skipped.csv')}\n`);
    const [header, ...rows] = await readCsv('skipped');
    expect(header).toEqual(['path', 'reason']);
    expect(rows.map(([path]) => path).sort()).toEqual(damagedPaths);
    await cp(at('bad'), at('left'), { recursive: true });
    for (const path of damagedPaths) await rm(at('left', path));
    await run({ data: at('left'), out: at('others') });
    expect(await modelOf('others')).toEqual(await modelOf('skipped'));
  });

  it('resumes bit for bit after the bad images are deleted or mended', async () => {
    const options = { data: at('bad'), onBadImage: 'skip' } as const;
    await run({ ...options, out: at('whole') });
    for (const change of ['deleted', 'mended'] as const) {
      await cp(at('bad'), at(change), { recursive: true });
      await runUntil(4, { ...options, data: at(change), out: at(`${change}-run`) });
      for (const [person, number] of damaged) {
        const path = image(change, person, number);
        if (change === 'deleted') await rm(path);
        else await copyFile(image('faces', person, number), path);
      }
      const output = recordOutput();
      await run({ out: at(`${change}-run`), resume: true }, output);
      expect(await modelOf(`${change}-run`)).toEqual(await modelOf('whole'));
      const text = output.lines.join('\n');
      if (change === 'deleted') expect(text).not.toContain('since the run started');
      else {
        expect(text).toContain('10 images that could not be read when the run started, not used:\n');
      }
      expect(await readCsv(`${change}-run`)).toHaveLength(11);
    }
  });

  it('says what has changed and keeps people, order and those held out', async () => {
    await cp(at('faces'), at('changing'), { recursive: true });
    await runUntil(4, { data: at('changing'), out: at('changed') });
    const config = await readFile(at('changed', 'config.json'), 'utf8');
    const manifest = await readFile(at('changed', 'images.jsonl'), 'utf8');
    await rm(image('changing', 1, 2));
    await copyFile(image('faces', 3, 1), image('changing', 3, 2));
    await writePeople(at('changing'), { people: 2, images: 1, first: 30 });
    // A copy of a set has other times.
    await utimes(image('changing', 5, 0), 0, 0);
    const output = recordOutput();
    const { data } = await run({ out: at('changed'), resume: true }, output);
    expect(output.lines.slice(0, 3)).toEqual([
      '1 image missing since the run started, skipped:\n  person-1/image-2.png',
      '1 image replaced since the run started, used as now:\n  person-3/image-2.png',
      '2 images added since the run started, not used',
    ]);
    expect(output.lines[3]).toMatch(/^images +60 images of 10 people,.*\ntraining +48 images of 8 people\n/);
    expect(data).toMatchObject({ skipped: 1, stopped: false });
    expect(await readCsv('changed')).toEqual([
      ['path', 'reason'],
      ['person-1/image-2.png', 'missing since the run started'],
    ]);
    expect(await readFile(at('changed', 'config.json'), 'utf8')).toBe(config);
    expect(await readFile(at('changed', 'images.jsonl'), 'utf8')).toBe(manifest);
  });

  it('is found again at another place', async () => {
    await cp(at('faces'), at('moving'), { recursive: true });
    await runUntil(4, { data: at('moving'), out: at('moved') });
    await cp(at('moving'), at('arrived'), { recursive: true });
    await rm(at('moving'), { recursive: true });
    const output = recordOutput();
    await run({ out: at('moved'), data: at('arrived'), resume: true }, output);
    expect(output.lines.join()).not.toContain('since the run started');
    await run({ out: at('unmoved'), data: at('faces') });
    expect(await modelOf('moved')).toEqual(await modelOf('unmoved'));
  });

  it('is refused if it is another set, or its people are others', async () => {
    const rows = (person: (one: number) => string) =>
      Array.from({ length: 60 }, (_, index) => {
        const [one, number] = [Math.floor(index / 6), index % 6];
        return `faces/person-${one}/image-${number}.png,${person(one)}\n`;
      }).join('');
    await writeFile(
      at('list.csv'),
      rows((one) => `p${one}`),
    );
    await runUntil(4, { data: at('list.csv'), out: at('listed') });
    await writeFile(
      at('list.csv'),
      rows((one) => `p${(one + 1) % 10}`),
    );
    const resumed = { out: at('listed'), resume: true };
    await expect(run(resumed)).rejects.toThrow(
      /60 images of other people, such as 'faces\/person-0\/image-0\.png', which was of 'p0' and is of 'p1'\. Resuming would/,
    );
    await expect(run({ ...resumed, data: at('faces') })).rejects.toThrow(
      /faces' is not the set that the run started with: 60 of 60 images are missing/,
    );
    await writeFile(at('list.csv'), rows((one) => `p${one}`).replaceAll(/.*image-[45].*\n/g, ''));
    await expect(run(resumed)).rejects.toThrow(/20 of 60 images are missing.* --max-bad 34%\.$/);
    expect((await run({ ...resumed, maxBad: 0.34 })).data).toMatchObject({ stopped: false, skipped: 20 });
  });
});

describe('a record file', () => {
  const writeRecords = async (name: string, bad: readonly number[]) => {
    const writer = await RecordIOWriter.create(at(name));
    for (let index = 0; index < 60; index++) {
      const bytes = await readFile(image('faces', Math.floor(index / 6), index % 6));
      await writer.add(bad.includes(index) ? Uint8Array.of(1, 2, 3) : bytes, Math.floor(index / 6));
    }
    await writer.close();
  };

  it('skips bad records and resumes', async () => {
    await writeRecords('set.rec', [3, 30, 31]);
    const lines = await linesOf(run({ data: at('set.rec'), out: at('refused') }));
    expect(named(lines)).toHaveLength(3);
    expect(lines[1]).toMatch(/^ {2}.*set\.rec, record 3: cannot decode the image/);
    const options = { data: at('set.rec'), onBadImage: 'skip' } as const;
    await run({ ...options, out: at('records') });
    await runUntil(4, { ...options, out: at('resumed-records') });
    await writeRecords('set.rec', [3, 30]);
    const output = recordOutput();
    await run({ out: at('resumed-records'), resume: true }, output);
    expect(output.lines[0]).toMatch(/set\.rec' was written again since the run started/);
    expect(await modelOf('resumed-records')).toEqual(await modelOf('records'));
  });
});

describe('a set larger than memory', () => {
  const { totalmem } = os;
  const setMemory = (bytes: () => number) => {
    os.totalmem = bytes;
    syncBuiltinESMExports();
  };
  beforeAll(() => setMemory(() => 1000));
  afterAll(() => setMemory(totalmem));
  afterEach(() => rm(at('large'), { recursive: true, force: true }));
  beforeEach(() => cp(at('faces'), at('large'), { recursive: true }));
  /** Damages one image of each of four people who are trained on. */
  const damage = async () => {
    for (const [person, number] of ofOthers) await writeFile(image('large', person, number), 'not an image');
  };

  it('stops at a bad image with a checkpoint, and resumes when the image is gone', async () => {
    await writeFile(image('large', 4, 3), 'not an image');
    const output = recordOutput();
    const lines = await linesOf(run({ data: at('large'), out: at('paused') }, output));
    expect(lines).toEqual([
      '1 image cannot be read:',
      expect.stringMatching(/^ {2}person-4\/image-3\.png: cannot decode the image: /),
      `The run is saved. Mend or delete these images and resume with: openset train --resume --out ${at('paused')}`,
      `Or resume without them: openset train --resume --out ${at('paused')} --on-bad-image skip`,
    ]);
    expect(await readdir(at('paused', 'checkpoints'))).not.toEqual([]);
    await rm(image('large', 4, 3));
    const again = recordOutput();
    await run({ out: at('paused'), resume: true }, again);
    expect(again.lines[0]).toBe('1 image missing since the run started, skipped:\n  person-4/image-3.png');
    await copyFile(image('faces', 5, 0), image('large', 4, 3));
    const replaced = recordOutput();
    await run({ out: at('paused'), resume: true }, replaced);
    expect(replaced.lines[0]).toBe(
      '1 image replaced since the run started, used as now:\n  person-4/image-3.png',
    );
  });

  it('trains the same model, whatever part of the images stays in memory, also if the run resumes with another', async () => {
    const gibibytes = (images: number) => (images * 16 * 16 * 3) / 2 ** 30;
    const options = { data: at('large'), steps: 16 };
    const output = recordOutput();
    await run({ ...options, out: at('decoded'), imageMemory: gibibytes(60) }, output);
    expect(output.lines[0]).not.toMatch(/^memory /m);
    // An epoch has six steps.
    await runUntil(8, { ...options, out: at('partly'), imageMemory: gibibytes(20) });
    expect(await readConfig('partly')).toMatchObject({ imageMemory: gibibytes(20) });
    const resumed = recordOutput();
    await run({ out: at('partly'), resume: true, imageMemory: gibibytes(7) }, resumed);
    expect(resumed.lines[0]).toMatch(
      /^memory +0\.0 GiB of 0\.0 GiB of decoded images; each epoch decodes the rest$/m,
    );
    expect(await modelOf('partly')).toEqual(await modelOf('decoded'));
  });

  it('names the images that are turned upright once, when it has read them', async () => {
    const path = image('large', 4, 3);
    const turned = await sharp(await readFile(path))
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    await writeFile(path, turned);
    const output = recordOutput();
    await run({ data: at('large'), out: at('with-turned') }, output);
    expect(output.lines.filter((line) => line.startsWith('turned'))).toEqual([
      'turned upright by its EXIF orientation: person-4/image-3.png',
    ]);
  });

  it('warns about an image under two people when it has read both', async () => {
    await copyFile(image('large', 4, 3), image('large', 5, 0));
    const output = recordOutput();
    await run({ data: at('large'), out: at('with-copy') }, output);
    expect(output.lines.filter((line) => line.startsWith('warning'))).toEqual([
      "warning: 1 image is under two people: 'person-4/image-3.png' (person-4) = 'person-5/image-0.png' (person-5)",
    ]);
  });

  it('skips bad images in their place, whenever they are found', async () => {
    await damage();
    const options = { data: at('large'), onBadImage: 'skip' } as const;
    await run({ ...options, out: at('unbroken') });
    const rows = (await readCsv('unbroken')).slice(1).map(([path]) => path);
    expect(rows.length).toBeGreaterThan(3);
    expect(damagedPaths).toEqual(expect.arrayContaining(rows));
    await runUntil(4, { ...options, out: at('broken') });
    for (const [person, number] of ofOthers) await rm(image('large', person, number));
    await run({ out: at('broken'), resume: true, onBadImage: 'skip' });
    expect(await modelOf('broken')).toEqual(await modelOf('unbroken'));
  });

  it('resumes with another policy, and records it', async () => {
    await damage();
    await linesOf(run({ data: at('large'), out: at('changed-policy') }));
    expect(await readConfig('changed-policy')).toMatchObject({ onBadImage: 'stop' });
    const options = { out: at('changed-policy'), resume: true };
    const limited = await linesOf(run({ ...options, onBadImage: 'skip', maxBad: 0 }));
    expect(limited[0]).toMatch(
      /cannot be read, more than --max-bad 0\.0 % allows; they are listed in '.*skipped\.csv'\.$/,
    );
    const { data } = await run({ ...options, onBadImage: 'skip', maxBad: 0.5 });
    expect(data.stopped).toBe(false);
    expect(await readConfig('changed-policy')).toMatchObject({ onBadImage: 'skip', maxBad: 0.5 });
  });

  /** Returns an output that deletes images when the data are prepared. */
  const deleting = (...paths: string[]): Output => {
    const output = recordOutput();
    const note = (line: string) => {
      if (line.startsWith('steps ')) for (const path of paths) rmSync(path);
    };
    return { ...output, note };
  };

  it('keeps its checkpoint if an image of the pairs disappears, and resumes without it', async () => {
    // Person 7 is held out.
    const lines = await linesOf(
      run({ data: at('large'), out: at('paired') }, deleting(image('large', 7, 1))),
    );
    expect(named(lines)).toEqual(['person-7/image-1.png']);
    expect(lines.join()).toContain('The run is saved.');
    const output = recordOutput();
    await run({ out: at('paired'), resume: true }, output);
    expect(output.lines[0]).toBe('1 image missing since the run started, skipped:\n  person-7/image-1.png');
    expect(output.lines[1]).toMatch(/^evaluation +50 pairs of 2 people held out$/m);
  });

  it('skips images that disappear while it trains', async () => {
    const gone = [image('large', 7, 1), image('large', 0, 0), image('large', 0, 1)];
    const options = { data: at('large'), out: at('disappearing'), onBadImage: 'skip' } as const;
    const { data } = await run(options, deleting(...gone));
    expect(data.stopped).toBe(false);
    const rows = (await readCsv('disappearing')).slice(1);
    expect(rows.map(([path]) => path)).toEqual(expect.arrayContaining(['person-0/image-0.png']));
    expect(rows[0]![1]).toMatch(/cannot be read .*ENOENT/);
  });
});
