import { checkNumber, type Ranks } from '@openset/core';
import type { Checkpoint, CheckpointStore, FoundCheckpoint } from './checkpoint.ts';
import { CheckpointDirectory } from './checkpoint-directory.ts';
import { writeCheckpoint } from './checkpoint-folder.ts';
import { type DurableFiles, nodeFiles } from './durable-files.ts';
import { findCheckpoint } from './read-latest-checkpoint.ts';
import { SharedCheckpoints } from './shared-checkpoints.ts';
import type { RowsOf } from './tensor-rows.ts';

/** Options of `DirectoryCheckpoints`. */
export interface DirectoryCheckpointsOptions {
  /** Number of newest checkpoints to keep, in addition to the best one; default 2. */
  readonly keepLast?: number;
}

/**
 * Stores checkpoints in a directory, one folder each: `step-00001200`, or `step-00001200-best` for the best evaluation.
 * Saving is atomic: a folder is written under a temporary name, flushed to disk, and renamed. Only one run at a time may
 * use a directory.
 */
export class DirectoryCheckpoints implements CheckpointStore {
  /** Path of the directory, as the caller gave it. */
  readonly directory: string;
  readonly #folders: CheckpointDirectory;
  readonly #disk: DurableFiles;

  /**
   * @param disk another file system, for tests
   * @throws ConfigError if `keepLast` is not at least 1
   */
  constructor(directory: string, options: DirectoryCheckpointsOptions = {}, disk: DurableFiles = nodeFiles) {
    const { keepLast = 2 } = options;
    if (keepLast !== Number.POSITIVE_INFINITY) {
      checkNumber('DirectoryCheckpoints: keepLast', keepLast, { minimum: 1, integer: true });
    }
    this.directory = directory;
    this.#folders = new CheckpointDirectory(directory, keepLast, disk);
    this.#disk = disk;
  }

  /**
   * Creates the directory, removes leftovers of a killed process, and rehearses a save with zeros of a checkpoint's size.
   * @throws CheckpointError if that fails, or if the disk lacks space for the checkpoints to keep
   */
  async prepare(bytes: number): Promise<void> {
    await this.#folders.prepare(bytes);
  }

  async save(checkpoint: Checkpoint, { isBest }: { readonly isBest: boolean }): Promise<string> {
    const { step } = checkpoint.info.progress;
    const unfinished = await this.#folders.begin();
    try {
      await writeCheckpoint(unfinished, checkpoint, this.#disk);
      return await this.#folders.publish(unfinished, { step, isBest });
    } catch (error) {
      await this.#folders.discard(unfinished);
      throw error;
    }
  }

  /** Like `readLatestCheckpoint`; also renames damaged newer checkpoints to `damaged-…`. */
  async latest(): Promise<FoundCheckpoint | null> {
    const found = await findCheckpoint(this.directory, this.#disk);
    if (!found) return null;
    const skipped = await Promise.all(found.skipped.map((one) => this.#folders.setAside(one, found.name)));
    return { ...found, skipped };
  }

  ofRanks(ranks: Ranks, rowsOf: RowsOf): CheckpointStore {
    return new SharedCheckpoints(this.#folders, this.#disk, ranks, rowsOf);
  }
}
