import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@openset/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { settings } from './__fixtures__/align-settings.ts';
import { AlignJournal } from './align-journal.ts';

const photo = (name: string) => ({ name, hash: 'a', faces: [], rejects: [] });
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-journal-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('remembers photos, also after a line that was cut short', async () => {
  const journal = await AlignJournal.open(folder, settings);
  await journal.add(photo('1.jpg'));
  await appendFile(join(folder, 'align.jsonl'), '{"name":"2.jpg","ha');
  const { minSize, ...others } = settings;
  // The order of the settings does not matter.
  const again = await AlignJournal.open(folder, { ...others, minSize });
  await again.add(photo('3.jpg'));
  const last = await AlignJournal.open(folder, settings);
  expect([...last.names()]).toEqual(['1.jpg', '3.jpg']);
  expect(last.find('1.jpg')).toEqual(photo('1.jpg'));
  expect(last.find('2.jpg')).toBeUndefined();
});

it('refuses crops of other settings by name', async () => {
  const journal = await AlignJournal.open(folder, settings);
  await writeFile(join(folder, '1.png'), '');
  await journal.add(photo('1.jpg'));
  const other = AlignJournal.open(folder, { ...settings, size: 224 });
  await expect(other).rejects.toThrow(ConfigError);
  await expect(other).rejects.toThrow(
    /has crops with other settings: size was 112 and is 224\. Choose another/,
  );
});

it('takes other settings in a folder without crops, and searches all photos again', async () => {
  const journal = await AlignJournal.open(folder, { ...settings, minSize: 10_000 });
  await journal.add({ ...photo('1.jpg'), rejects: [{ kind: 'too small', reason: 'face too small' }] });
  for (const name of ['rejects.csv', 'contact-sheet.html']) await writeFile(join(folder, name), '');
  const again = await AlignJournal.open(folder, settings);
  expect([...again.names()]).toEqual([]);
  await again.add(photo('2.jpg'));
  expect([...(await AlignJournal.open(folder, settings)).names()]).toEqual(['2.jpg']);
});

it('refuses a folder with other files, and changes nothing', async () => {
  await writeFile(join(folder, 'mine.txt'), 'mine');
  await expect(AlignJournal.open(folder, settings)).rejects.toThrow(/is not empty and has no align\.jsonl/);
  await expect(readFile(join(folder, 'align.jsonl'))).rejects.toThrow(/ENOENT/);
});

it('removes what was being written when the command was killed, and nothing else', async () => {
  const temporary = (name: string) => `${name}.0b1f5c1e-1f6b-4f0e-9d6e-2f9f6f0a1b2c.tmp`;
  await writeFile(join(folder, temporary('align.jsonl')), '{"ver');
  const journal = await AlignJournal.open(folder, settings);
  expect(await readdir(folder)).toEqual(['align.jsonl']);
  await journal.add(photo('1.jpg'));
  await mkdir(join(folder, 'ada'));
  for (const name of [temporary('1.png'), '1.png', 'mine.tmp'])
    await writeFile(join(folder, 'ada', name), '');
  await AlignJournal.open(folder, settings);
  expect((await readdir(join(folder, 'ada'))).sort()).toEqual(['1.png', 'mine.tmp']);
});
