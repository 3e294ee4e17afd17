import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ConfigError, DataError } from '@openset/core';
import { readSettings } from '../config/read-settings.ts';
import type { RunConfig, Settings } from '../config/settings.ts';
import { checkFolderPlace } from '../files/check-place.ts';
import { statusOf } from '../files/status-of.ts';
import { writeNew } from '../files/write-new.ts';

/** What lies where in the folder of a run. */
export interface RunFolder {
  readonly path: string;
  readonly config: string;
  /** What the images are known again by. */
  readonly data: string;
  readonly checkpoints: string;
  readonly events: string;
  readonly tensorBoard: string;
  readonly model: string;
  readonly report: string;
}

/** The places in the folder of a run. */
export function runFolder(path: string): RunFolder {
  return {
    path,
    config: join(path, 'config.json'),
    data: join(path, 'data.json'),
    checkpoints: join(path, 'checkpoints'),
    events: join(path, 'events.jsonl'),
    tensorBoard: join(path, 'tensorboard'),
    model: join(path, 'model.safetensors'),
    report: join(path, 'report.html'),
  };
}

/**
 * Makes sure that a new run can be written; nothing is made yet.
 * @throws ConfigError if the folder holds something; DataError if nothing can be written there
 */
export async function checkNewRun(folder: RunFolder): Promise<void> {
  const names: string[] = await readdir(folder.path).catch(() => []);
  if (names.includes(basename(folder.config))) throw holdsRun(folder);
  if (names.length > 0) {
    throw new ConfigError(
      `'${folder.path}' is not empty, and a run needs a folder of its own: choose another with --out.`,
    );
  }
  await checkFolderPlace(folder.path);
}

/**
 * Makes the folder of a new run, and writes its settings there: it is this run's from then on.
 * @throws ConfigError if another run has begun there since `checkNewRun`; DataError if it cannot be written
 */
export async function claimRun(folder: RunFolder, config: RunConfig): Promise<void> {
  await mkdir(folder.path, { recursive: true });
  try {
    if (await writeNew(folder.config, `${JSON.stringify(config, null, 2)}\n`)) return;
  } catch (error) {
    await rmdir(folder.path).catch(() => {});
    throw error;
  }
  throw holdsRun(folder);
}

function holdsRun({ path }: RunFolder): ConfigError {
  return new ConfigError(
    `'${path}' holds a run already: go on with it by --resume, or choose another folder with --out.`,
  );
}

/** Takes away a run that came to no checkpoint, and so to nothing. */
export async function discardEmptyRun(folder: RunFolder): Promise<void> {
  const saved = await readdir(folder.checkpoints).catch(() => []);
  if (saved.length > 0) return;
  for (const path of [folder.config, folder.data, folder.checkpoints, folder.events, folder.tensorBoard]) {
    await rm(path, { recursive: true, force: true });
  }
  await rmdir(folder.path).catch(() => {});
}

/**
 * The settings of a run that is to go on.
 * @throws DataError if there is none, or its settings are damaged
 */
export async function settingsOfRun(folder: RunFolder): Promise<Settings> {
  if (await statusOf(folder.config)) return readSettings(folder.config);
  throw new DataError(`'${folder.path}' holds no run to go on with: there is no '${folder.config}'.`);
}
