import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@openset/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runFolder } from '../training/run-paths.ts';
import { readRunSettings, type SettingsFlags } from './read-settings.ts';
import type { Settings } from './settings.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-settings-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The settings of flags over those of a file. */
async function settingsWith(flags: SettingsFlags, file: Settings = {}): Promise<Settings> {
  const config = join(folder, 'file.json');
  await writeFile(config, JSON.stringify(file));
  return readRunSettings({ data: 'faces', ...flags, config }, runFolder(folder));
}

it.each<[string, SettingsFlags, Settings, RegExp]>([
  [
    'two lengths',
    { epochs: 20, minutes: 5 },
    {},
    /^The command line gives epochs and minutes, but a run has one/,
  ],
  [
    'two lengths in a file',
    {},
    { epochs: 20, steps: 5 },
    /file\.json gives epochs and steps, but a run has one/,
  ],
  [
    'more threads than a file may have',
    { threads: 96 },
    {},
    /^The command line: threads must be at most 64, but is 96/,
  ],
  ['a seed below 0', { seed: -1 }, {}, /^The command line: seed must be at least 0, but is -1\.$/],
  ['a seed below 0 in a file', {}, { seed: -1 }, /file\.json: seed must be at least 0, but is -1\.$/],
  ['a folder of pairs without pairs', { images: 'lfw' }, {}, /^--images needs --pairs/],
  [
    'both people held out and pairs',
    { pairs: 'lfw.bin', heldOut: 0.2 },
    {},
    /^The settings have both pairs \('.*lfw\.bin'\) and heldOut \(0\.2\)/,
  ],
  [
    'both people held out and pairs in a file',
    { heldOut: 0.2 },
    { pairs: 'a.csv' },
    /^The settings have both pairs/,
  ],
])('rejects %s', async (_, flags, file, message) => {
  const asked = settingsWith(flags, file);
  await expect(asked).rejects.toThrow(message);
  await expect(asked).rejects.toThrow(ConfigError);
});

it('overrides the length in a file by the length on the command line', async () => {
  expect(await settingsWith({ minutes: 5 }, { epochs: 20 })).toMatchObject({ minutes: 5 });
  expect(await settingsWith({ minutes: 5 }, { epochs: 20 })).not.toHaveProperty('epochs');
});

it('accepts pairs if nobody is held out', async () => {
  const given = { pairs: join(folder, 'lfw.txt'), images: join(folder, 'lfw') };
  expect(await settingsWith({ ...given, heldOut: 0 })).toMatchObject({ ...given, heldOut: 0 });
});

it('rejects too many threads for a resumed run too', async () => {
  await writeFile(join(folder, 'config.json'), '{}');
  const asked = readRunSettings({ resume: true, threads: 96 }, runFolder(folder));
  await expect(asked).rejects.toThrow(/^The command line: threads must be at most 64, but is 96/);
});
