import { join } from 'node:path';
import { DataError, type OpenSetLoss } from '@openset/core';
import { CheckpointError } from '../training/errors.ts';
import type { Checkpoint, FoundCheckpoint, SkippedCheckpoint } from './checkpoint.ts';
import { readCheckpointFrom, readChecksums, readRowsOfCheckpoint, verifyFile } from './checkpoint-folder.ts';
import { type CheckpointName, parseCheckpointNames } from './checkpoint-names.ts';
import { type DurableFiles, nodeFiles } from './durable-files.ts';
import { rowsOfLoss } from './run-shards.ts';

/** Options of `readLatestCheckpoint` and `readBestCheckpoint`. */
export interface ReadCheckpointOptions {
  /** A shard of a loss (`shardLoss`): of tensors with rows for the classes, only its rows are read. Default: whole tensors. */
  readonly shard?: OpenSetLoss | undefined;
}

/**
 * Reads the newest checkpoint of a directory. Skips damaged ones and lists them in `skipped`.
 * @returns null if there are no checkpoints
 * @throws CheckpointError if all are damaged, or the directory cannot be read
 */
export async function readLatestCheckpoint(
  directory: string,
  options: ReadCheckpointOptions = {},
): Promise<FoundCheckpoint | null> {
  return findCheckpoint(directory, nodeFiles, options);
}

/**
 * Reads the checkpoint with the best evaluation so far, or an older best one if that is damaged.
 * @returns null if there is none
 * @throws CheckpointError if all are damaged, or the directory cannot be read
 */
export async function readBestCheckpoint(
  directory: string,
  options: ReadCheckpointOptions = {},
): Promise<FoundCheckpoint | null> {
  return findCheckpoint(directory, nodeFiles, options, ({ isBest }) => isBest);
}

/** Reads the newest intact checkpoint whose name `accepts`. */
export async function findCheckpoint(
  directory: string,
  disk: DurableFiles,
  options: ReadCheckpointOptions = {},
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
      return { name: path, checkpoint: await readAll(path, disk, options), skipped };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      // A run in progress may have replaced it by a newer or better one.
      if (!(await list()).includes(name)) return findCheckpoint(directory, disk, options, accepts);
      skipped.push({ name: path, reason: error.message });
    }
  }
  if (skipped.length === 0) return null;
  throw allDamaged(directory, skipped);
}

/** Reads a checkpoint, and of sharded tensors the rows of a shard alone. */
async function readAll(
  path: string,
  disk: DurableFiles,
  { shard }: ReadCheckpointOptions,
): Promise<Checkpoint> {
  if (!shard) return readCheckpointFrom(path, disk);
  const checksums = await readChecksums(path, disk);
  for (const [name, checksum] of checksums) await verifyFile(path, name, checksum, disk);
  return readRowsOfCheckpoint(path, checksums.keys(), rowsOfLoss(shard), disk);
}

/** Returns the error of a directory without an intact checkpoint. */
export function allDamaged(directory: string, skipped: readonly SkippedCheckpoint[]): CheckpointError {
  const reasons = skipped.map(({ reason }) => reason).join(' ');
  return new CheckpointError(
    `All checkpoints in ${directory} are damaged. Move them away to start from the beginning. ${reasons}`,
    null,
  );
}
