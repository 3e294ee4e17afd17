import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { useModelFolder } from '../__fixtures__/model-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { decodeCsv } from '../files/csv.ts';
import { calibrate } from './calibrate.ts';
import { embed } from './embed.ts';
import { evaluate } from './evaluate.ts';
import { identify } from './identify.ts';
import { verify } from './verify.ts';

const { at, common } = useModelFolder();

/** Images of `faces` that are damaged in `bad`, and how. */
const damages: Readonly<Record<string, string | Uint8Array>> = {
  'person-0/image-1.png': '',
  'person-1/image-0.png': 'not an image',
  'person-3/image-0.png': Uint8Array.of(0xff, 0xd8, 0xff, 0xe0),
  'person-3/image-1.png': 'GIF89a',
  'person-3/image-2.png': '<svg/>',
};
const bad = Object.keys(damages);

beforeAll(async () => {
  await cp(at('faces'), at('bad'), { recursive: true });
  for (const [path, content] of Object.entries(damages)) await writeFile(at('bad', path), content);
  const bytes = await readFile(at('faces', 'person-3', 'image-3.png'));
  await writeFile(at('bad', 'person-3', 'image-3.png'), bytes.subarray(0, 0.95 * bytes.length));
  bad.push('person-3/image-3.png');
});

/** Returns the lines of an error. */
async function linesOf(work: Promise<unknown>): Promise<string[]> {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (reason: Error) => reason,
  );
  return error.message.split('\n');
}
const named = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith('  ')).map((line) => line.slice(2).split(': ')[0]);

const stop = { ...common, onBadImage: 'stop' } as const;
const skip = { ...common, onBadImage: 'skip' } as const;

describe('stop', () => {
  it('lists all bad images of a folder at once', async () => {
    const full = bad.map((path) => at('bad', path));
    const out = at('none.jsonl');
    const embedded = await linesOf(embed({ ...stop, paths: [at('bad')], out }, recordOutput()));
    expect(embedded[0]).toBe('6 images cannot be read:');
    expect(named(embedded)).toEqual(full);
    await expect(readFile(out)).rejects.toThrow('ENOENT');
    const evaluated = await linesOf(evaluate({ ...stop, data: at('bad') }, recordOutput()));
    expect(named(evaluated)).toEqual(bad);
    const identified = identify({ ...stop, paths: [at('strangers')], gallery: at('bad') }, recordOutput());
    expect(named(await linesOf(identified))).toEqual(bad);
    const probes = identify({ ...stop, paths: [at('bad')], gallery: at('faces') }, recordOutput());
    expect(named(await linesOf(probes))).toEqual(full);
  });

  it('names no option to skip where there is none', async () => {
    const options = { ...common, first: at('bad', bad[0]!), second: at('bad', bad[1]!) };
    const lines = await linesOf(verify(options, recordOutput()));
    expect(named(lines)).toEqual([options.first, options.second]);
    expect(lines.join()).not.toContain('--on-bad-image');
  });
});

describe('skip', () => {
  it('embeds the others and lists the skipped ones', async () => {
    const out = at('good.jsonl');
    const { data, text } = await embed({ ...skip, paths: [at('bad')], out }, recordOutput());
    const list = at('good-skipped.csv');
    const engine = { name: 'cpu', version: null, threads: 1 };
    expect(data).toEqual({ out, pictures: 10, skipped: 6, skippedList: list, embeddingSize: 8, engine });
    expect(text).toContain(`${list}: 6 images skipped`);
    const [header, ...rows] = decodeCsv(await readFile(list, 'utf8'));
    expect(header).toEqual(['path', 'reason']);
    expect(rows.map(([path]) => path)).toEqual(bad.map((path) => at('bad', path)));
    expect(rows[0]![1]).toBe('cannot decode the image: the file is empty');
    const all = at('all.jsonl');
    await embed({ ...skip, paths: [at('faces')], out: all }, recordOutput());
    expect(await readFile(at('all-skipped.csv'), 'utf8')).toBe('path,reason\n');
    const read = async (path: string, folder: string) =>
      new Map(
        (await readFile(path, 'utf8'))
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as { path: string; embedding: number[] })
          .map(({ path: image, embedding }) => [image.slice(at(folder).length + 1), embedding]),
      );
    const whole = await read(all, 'faces');
    for (const path of bad) whole.delete(path);
    expect(await read(out, 'bad')).toEqual(whole);
  });

  it('measures labelled images as if the bad ones were not there', async () => {
    await cp(at('bad'), at('left'), { recursive: true });
    for (const path of bad) await rm(at('left', path));
    const output = recordOutput();
    const { data, text } = await evaluate({ ...skip, data: at('bad') }, output);
    const { data: expected } = await evaluate({ ...stop, data: at('left') }, recordOutput());
    const { skipped, skippedPictures, ...measured } = data;
    const { skipped: none, skippedPictures: noPictures, ...expectedMeasured } = expected;
    expect(measured).toEqual(expectedMeasured);
    expect([none, noPictures]).toEqual([0, []]);
    expect(skipped).toBe(6);
    expect(skippedPictures.map(({ path }) => path)).toEqual(bad);
    expect(text).toMatch(/^skipped +6 images$/m);
    expect(output.lines.join('\n')).toContain(
      'skipped 6 images that cannot be read:\n  person-0/image-1.png: ',
    );
    const calibrated = { out: at('skip.safetensors'), far: 0.5 };
    const found = await calibrate({ ...skip, data: at('bad'), ...calibrated }, recordOutput());
    // 10 images of three people: 3, 3 and 4.
    expect(found.data).toMatchObject({ skipped: 6, different: 33 });
  });

  it('leaves out and counts pairs with a bad or missing image', async () => {
    const rows = [
      ['person-0/image-0.png', 'person-0/image-2.png', 1],
      ['person-0/image-0.png', 'person-0/image-1.png', 1],
      ['person-1/image-0.png', 'person-2/image-0.png', 0],
      ['person-2/image-0.png', 'nobody/image-0.png', 0],
      ['person-2/image-0.png', 'person-0/image-3.png', 0],
      ['person-1/image-0.png', 'person-1/image-0.png', 1],
    ];
    await writeFile(at('bad', 'pairs.csv'), rows.map((row) => `${row.join()}\n`).join(''));
    const options = { ...skip, pairs: at('bad', 'pairs.csv') };
    const { data, text } = await evaluate(options, recordOutput());
    expect(data).toMatchObject({ same: 1, different: 1, skipped: 3, skippedPairs: 4 });
    expect(data.skippedPictures.map(({ path }) => path)).toEqual([
      'person-0/image-1.png',
      'person-1/image-0.png',
      'nobody/image-0.png',
    ]);
    expect(text).toMatch(/^skipped +3 images, 4 pairs$/m);
    await writeFile(
      at('bad', 'pairs.csv'),
      rows
        .slice(1)
        .map((row) => `${row.join()}\n`)
        .join(''),
    );
    await expect(evaluate(options, recordOutput())).rejects.toThrow(
      /pairs\.csv' has 0 pairs of the same person and 1 of different people, but needs both/,
    );
  });

  it('identifies the other probes, with a gallery of the other images', async () => {
    const output = recordOutput();
    const paths = [at('faces', 'person-3'), at('bad', 'person-0')];
    const { data, text, exitCode } = await identify({ ...skip, paths, gallery: at('bad') }, output);
    expect(exitCode).toBe(2);
    expect(data.pictures.map(({ path, identity }) => [path.slice(at().length + 1), identity])).toEqual([
      ...[0, 1, 2, 3].map((image) => [join('faces', 'person-3', `image-${image}.png`), null]),
      ...[0, 2, 3].map((image) => [join('bad', 'person-0', `image-${image}.png`), 'person-0']),
    ]);
    expect(data).toMatchObject({ skipped: 1, skippedPictures: [{ path: at('bad', bad[0]!) }] });
    expect(data.skippedGalleryPictures).toHaveLength(6);
    expect(output.lines.join('\n')).toMatch(
      /skipped 6 images of the gallery that .*gallery +3 people; 1 person without an image that can be read/s,
    );
    expect(text).not.toContain('image-1.png  person-0');
  });

  it('does not skip everything, or more than --max-bad', async () => {
    await mkdir(at('rotten'));
    for (const name of ['a.jpg', 'b.png']) await writeFile(at('rotten', name), 'x');
    const out = at('rotten.npz');
    const all = await linesOf(embed({ ...skip, paths: [at('rotten')], out }, recordOutput()));
    expect(all[0]).toBe('No image is left: 2 images cannot be read:');
    const limited = { ...skip, paths: [at('bad')], out, maxBad: 0.3 };
    expect((await linesOf(embed(limited, recordOutput())))[0]).toBe(
      '6 images of 16 (37.5 %) cannot be read, more than --max-bad 30.0 % allows:',
    );
    await expect(embed({ ...limited, maxBad: 0.375 }, recordOutput())).resolves.toMatchObject({
      data: { pictures: 10 },
    });
  });
});

it('limits the number of pixels, and accepts damage, by options', async () => {
  const paths = [at('faces', 'person-0')];
  const small = { ...stop, paths, out: at('small.npz') };
  const lines = await linesOf(embed({ ...small, maxPixels: 575 }, recordOutput()));
  expect(lines.at(-1)).toBe('Raise --max-pixels if the large files are genuine.');
  expect((await embed({ ...small, maxPixels: 576 }, recordOutput())).data.pictures).toBe(4);
  const jpeg = await sharp(at('faces', 'person-0', 'image-0.png'))
    .jpeg()
    .toBuffer();
  await writeFile(at('part.jpg'), jpeg.subarray(0, -100));
  const truncated = { ...stop, paths: [at('part.jpg')], out: at('part.npz') };
  expect((await linesOf(embed(truncated, recordOutput()))).at(-1)).toBe(
    '--fail-on none accepts damaged files that can still be decoded.',
  );
  expect((await embed({ ...truncated, failOn: 'none' }, recordOutput())).data.pictures).toBe(1);
});
