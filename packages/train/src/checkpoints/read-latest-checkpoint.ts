import { join } from 'node:path';
import { DataError } from '@openset/core';
import { CheckpointError } from '../training/errors.ts';
import type { FoundCheckpoint, SkippedCheckpoint } from './checkpoint.ts';
import { readCheckpointFrom } from './checkpoint-folder.ts';
import { type CheckpointName, parseCheckpointNames } from './checkpoint-names.ts';
import { type DurableFiles, nodeFiles } from './durable-files.ts';

/**
 * Reads the newest checkpoint of a directory. Skips damaged ones and lists them in `skipped`.
 * @returns null if there are no checkpoints
 * @throws CheckpointError if all are damaged, or the directory cannot be read
 */
export async function readLatestCheckpoint(directory: string): Promise<FoundCheckpoint | null> {
  return findCheckpoint(directory, nodeFiles);
}

/**
 * Reads the checkpoint with the best evaluation so far, or an older best one if that is damaged.
 * @returns null if there is none
 * @throws CheckpointError if all are damaged, or the directory cannot be read
 */
export async function readBestCheckpoint(directory: string): Promise<FoundCheckpoint | null> {
  return findCheckpoint(directory, nodeFiles, ({ isBest }) => isBest);
}

/** Reads the newest intact checkpoint whose name `accepts`. */
export async function findCheckpoint(
  directory: string,
  disk: DurableFiles,
  accepts: (name: CheckpointName) => boolean = () => true,
): Promise<FoundCheckpoint | null> {
  const skipped: SkippedCheckpoint[] = [];
  const list = () =>
    disk.list(directory).catch((cause: Error) => {
      throw new CheckpointError(`${directory} cannot be read: ${cause.message}`, null, { cause });
    });
  for (const { name } of parseCheckpointNames(await list()).filter(accepts)) {
    const path = join(directory, name);
    try {
      return { name: path, checkpoint: await readCheckpointFrom(path, disk), skipped };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      // A run in progress may have replaced it by a newer or better one.
      if (!(await list()).includes(name)) return findCheckpoint(directory, disk, accepts);
      skipped.push({ name: path, reason: error.message });
    }
  }
  if (skipped.length === 0) return null;
  const reasons = skipped.map(({ reason }) => reason).join(' ');
  throw new CheckpointError(
    `All checkpoints in ${directory} are damaged. Move them away to start from the beginning. ${reasons}`,
    null,
  );
}
