import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ConfigError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import type { RunConfig } from '../config/settings.ts';
import { checkFolderPlace } from '../files/check-place.ts';
import { writeAtOnce } from '../files/write-at-once.ts';
import { writeNew } from '../files/write-new.ts';
import { fingerprintOf } from './data-fingerprint.ts';

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
 * Creates the folder of a new run with its configuration and the fingerprint of its images. Exactly one of several
 * processes can claim a folder.
 * @throws ConfigError if another run has claimed the folder since `checkNewRun`; DataError if it cannot be written
 */
export async function claimRun(folder: RunFolder, config: RunConfig, source: ImageSource): Promise<void> {
  await mkdir(folder.path, { recursive: true });
  let isOurs: boolean;
  try {
    isOurs = await writeNew(folder.config, `${JSON.stringify(config, null, 2)}\n`);
  } catch (error) {
    await rmdir(folder.path).catch(() => {});
    throw error;
  }
  if (!isOurs) throw holdsRun(folder);
  try {
    await writeAtOnce(folder.data, `${JSON.stringify(fingerprintOf(source))}\n`);
  } catch (error) {
    await discardEmptyRun(folder);
    throw error;
  }
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
