import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { ConfigError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import type { RunConfig } from '../config/settings.ts';
import { checkOutputFolder } from '../files/check-output.ts';
import { readJson } from '../files/read-file.ts';
import { createFile, writeAtomically } from '../files/write-file.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { fingerprintImages } from './data-fingerprint.ts';
import { type ImageManifest, writeManifest } from './image-manifest.ts';
import type { RunFolder } from './run-paths.ts';

/**
 * Checks that a new run can be written. Creates nothing.
 * @throws ConfigError if the folder is not empty; DataError if it is not writable
 */
export async function checkNewRun(folder: RunFolder): Promise<void> {
  const names: string[] = await readdir(folder.path).catch(() => []);
  if (names.includes(basename(folder.config))) throw holdsRun(folder);
  if (names.length > 0) {
    throw new ConfigError(
      `'${folder.path}' is not empty, but a run needs an empty folder. Choose another with --out.`,
    );
  }
  await checkOutputFolder(folder.path);
}

/**
 * Creates the folder of a new run with its configuration, the fingerprint of its images, and their list. Exactly one of several
 * processes can claim a folder.
 * @throws ConfigError if another run has claimed the folder since `checkNewRun`; DataError if it cannot be written
 */
export async function claimRun(
  folder: RunFolder,
  config: RunConfig,
  source: ImageSource,
  manifest: ImageManifest,
): Promise<void> {
  await mkdir(folder.path, { recursive: true });
  let isOurs: boolean;
  try {
    isOurs = await createFile(folder.config, `${JSON.stringify(config, null, 2)}\n`);
  } catch (error) {
    await rmdir(folder.path).catch(() => {});
    throw error;
  }
  if (!isOurs) throw holdsRun(folder);
  try {
    await writeAtomically(folder.data, `${JSON.stringify(fingerprintImages(source))}\n`);
    await writeManifest(folder.images, manifest);
  } catch (error) {
    await discardEmptyRun(folder);
    throw error;
  }
}

function holdsRun({ path }: RunFolder): ConfigError {
  return new ConfigError(
    `'${path}' already has a run. Resume it with --resume, or choose another folder with --out.`,
  );
}

/** Whether a run has a checkpoint from which it can resume. */
export async function hasCheckpoints(folder: RunFolder): Promise<boolean> {
  const checkpoints: string[] = await readdir(folder.checkpoints).catch(() => []);
  return checkpoints.length > 0;
}

/** Writes how images are read to the configuration of a resumed run, if the command line overrides it. */
export async function recordReading(
  folder: RunFolder,
  config: RunConfig,
  flags: ImageReading,
): Promise<void> {
  const { onBadImage, failOn, maxPixels } = flags;
  const maxBad = config.onBadImage === 'skip' ? flags.maxBad : undefined;
  const given = Object.entries({ onBadImage, maxBad, failOn, maxPixels }).filter(
    ([, value]) => value !== undefined,
  );
  if (given.length === 0) return;
  const stored = (await readJson(folder.config)) as object;
  await writeAtomically(
    folder.config,
    `${JSON.stringify({ ...stored, ...Object.fromEntries(given) }, null, 2)}\n`,
  );
}

/** Deletes the files of a run that has no checkpoint. */
export async function discardEmptyRun(folder: RunFolder): Promise<void> {
  if (await hasCheckpoints(folder)) return;
  const { config, data, images, skipped, events, tensorBoard } = folder;
  for (const path of [config, data, images, skipped, folder.checkpoints, events, tensorBoard]) {
    await rm(path, { recursive: true, force: true });
  }
  await rmdir(folder.path).catch(() => {});
}
