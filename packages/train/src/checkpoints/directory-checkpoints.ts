import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import { checkNumber } from '@openset/core';
import { CheckpointError } from '../training/errors.ts';
import type { Checkpoint, CheckpointStore, FoundCheckpoint } from './checkpoint.ts';
import { writeCheckpoint } from './checkpoint-folder.ts';
import { newCheckpointName, parseCheckpointNames, selectCheckpointsToKeep } from './checkpoint-names.ts';
import { type DurableFiles, nodeFiles } from './durable-files.ts';
import { findCheckpoint } from './read-latest-checkpoint.ts';

/** Options of `DirectoryCheckpoints`. */
export interface DirectoryCheckpointsOptions {
  /** Number of newest checkpoints to keep, in addition to the best one; default 2. */
  readonly keepLast?: number;
}

/** Prefix of folders that are being written or removed; leftovers of a killed process are useless. */
const temporaryPrefix = '.unfinished-';

/**
 * Stores checkpoints in a directory, one folder each: `step-00001200`, or `step-00001200-best` for the best evaluation.
 * Saving is atomic: a folder is written under a temporary name, flushed to disk, and renamed. Only one run at a time may
 * use a directory.
 */
export class DirectoryCheckpoints implements CheckpointStore {
  /** Path of the directory, as the caller gave it. */
  readonly directory: string;
  readonly #keepLast: number;
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
    this.#keepLast = keepLast;
    this.#disk = disk;
  }

  /**
   * Creates the directory, removes leftovers of a killed process, and rehearses a save with zeros of a checkpoint's size.
   * @throws CheckpointError if that fails, or if the disk lacks space for the checkpoints to keep
   */
  async prepare(bytes: number): Promise<void> {
    const existing = await this.#attempt('prepared', async () => {
      await this.#disk.makeFolder(this.directory);
      const names = await this.#disk.list(this.directory);
      const unfinished = names.filter((name) => name.startsWith(temporaryPrefix));
      for (const name of unfinished) await this.#disk.remove(join(this.directory, name));
      return parseCheckpointNames(names);
    });
    // The checkpoints to keep, the best one, and the one that is written before an old one is removed.
    const planned = Number.isFinite(this.#keepLast) ? this.#keepLast + 2 : 2;
    const needed = Math.max(1, planned - existing.length) * bytes;
    const last = existing[0] ? join(this.directory, existing[0].name) : null;
    const free = await this.#attempt(
      'checked for free space',
      () => this.#disk.freeBytes(this.directory),
      last,
    );
    if (free !== null && free < needed) {
      throw new CheckpointError(
        `${this.directory} is on a disk with ${megabytes(free)} free, but ${megabytes(needed)} are needed for checkpoints of ` +
          `${megabytes(bytes)}. Free disk space, or choose another directory.`,
        last,
        { advice: { option: 'keepLast', text: 'A lower keepLast needs less.' } },
      );
    }
    const [trial, renamed] = [this.#temporaryPath(), this.#temporaryPath()];
    const rehearse = async () => {
      await this.#disk.makeFolder(trial);
      await this.#disk.writeZeros(join(trial, 'zeros'), bytes);
      await this.#disk.syncFolder(trial);
      await this.#disk.rename(trial, renamed);
      await this.#disk.syncFolder(this.directory);
    };
    try {
      await this.#attempt('written to', rehearse, last);
    } finally {
      for (const path of [trial, renamed]) await this.#disk.remove(path).catch(() => {});
    }
  }

  async save(checkpoint: Checkpoint, { isBest }: { readonly isBest: boolean }): Promise<string> {
    const { step } = checkpoint.info.progress;
    const existing = parseCheckpointNames(await this.#disk.list(this.directory));
    const path = join(this.directory, newCheckpointName(existing, { step, isBest }));
    const unfinished = this.#temporaryPath();
    try {
      await this.#disk.makeFolder(unfinished);
      await writeCheckpoint(unfinished, checkpoint, this.#disk);
      await this.#disk.rename(unfinished, path);
      await this.#disk.syncFolder(this.directory);
    } catch (error) {
      await this.#disk.remove(unfinished).catch(() => {});
      throw error;
    }
    // The checkpoint is saved; the next save retries a failed removal.
    await this.#prune().catch(() => {});
    return path;
  }

  /** Like `readLatestCheckpoint`; also renames damaged newer checkpoints to `damaged-…`. */
  async latest(): Promise<FoundCheckpoint | null> {
    const found = await findCheckpoint(this.directory, this.#disk);
    if (!found) return null;
    const skipped = await Promise.all(
      found.skipped.map(async ({ name, reason }) => {
        const renamed = join(this.directory, `damaged-${randomUUID().slice(0, 8)}-${basename(name)}`);
        await this.#attempt('written to', () => this.#disk.rename(name, renamed), found.name);
        return { name: renamed, reason };
      }),
    );
    return { ...found, skipped };
  }

  /** Removes the checkpoints that are not kept. Renames them first, so that none is ever half removed. */
  async #prune(): Promise<void> {
    const all = parseCheckpointNames(await this.#disk.list(this.directory));
    const kept = selectCheckpointsToKeep(all, this.#keepLast);
    for (const checkpoint of all) {
      if (kept.includes(checkpoint)) continue;
      const unfinished = this.#temporaryPath();
      await this.#disk.rename(join(this.directory, checkpoint.name), unfinished);
      await this.#disk.remove(unfinished);
    }
  }

  #temporaryPath(): string {
    return join(this.directory, `${temporaryPrefix}${randomUUID()}`);
  }

  async #attempt<Result>(
    action: string,
    work: () => Promise<Result>,
    last: string | null = null,
  ): Promise<Result> {
    try {
      return await work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CheckpointError(`${this.directory} cannot be ${action}: ${reason}`, last, { cause });
    }
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
