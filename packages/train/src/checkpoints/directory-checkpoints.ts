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
  /** How many of the newest checkpoints are kept, beside the best one; default 2. */
  readonly keepLast?: number;
}

/** What is being written or removed, and nobody needs if a process died over it. */
const temporaryPrefix = '.unfinished-';

/**
 * Checkpoints in a directory of their own, one folder each: `step-00001200`, and `step-00001200-best` for the one with
 * the best evaluation. A folder is written under another name, brought onto the disk, and renamed: whenever the
 * process or the machine stops, it is there with every byte, or not at all. One run at a time may use a directory.
 */
export class DirectoryCheckpoints implements CheckpointStore {
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
   * Makes the directory, removes what a killed process left unfinished, and does all that saving a checkpoint takes with as
   * many bytes as one has.
   * @throws CheckpointError if that fails, or the disk has no room for the checkpoints to come
   */
  async prepare(bytes: number): Promise<void> {
    const existing = await this.#attempt('made ready', async () => {
      await this.#disk.makeFolder(this.directory);
      const names = await this.#disk.list(this.directory);
      const unfinished = names.filter((name) => name.startsWith(temporaryPrefix));
      for (const name of unfinished) await this.#disk.remove(join(this.directory, name));
      return parseCheckpointNames(names);
    });
    // Those to be kept, the best one, and the one being written while none has been removed yet.
    const planned = Number.isFinite(this.#keepLast) ? this.#keepLast + 2 : 2;
    const needed = Math.max(1, planned - existing.length) * bytes;
    const last = existing[0] ? join(this.directory, existing[0].name) : null;
    const free = await this.#attempt('looked at', () => this.#disk.freeBytes(this.directory), last);
    if (free !== null && free < needed) {
      throw new CheckpointError(
        `${this.directory} is on a disk with ${megabytes(free)} free, but ${megabytes(needed)} are needed for checkpoints of ` +
          `${megabytes(bytes)}: make room, keep fewer, or choose another directory.`,
        last,
      );
    }
    const [trial, renamed] = [this.#temporaryPath(), this.#temporaryPath()];
    const tryAll = async () => {
      await this.#disk.makeFolder(trial);
      await this.#disk.writeZeros(join(trial, 'zeros'), bytes);
      await this.#disk.syncFolder(trial);
      await this.#disk.rename(trial, renamed);
      await this.#disk.syncFolder(this.directory);
    };
    try {
      await this.#attempt('written to', tryAll, last);
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
    // The checkpoint is saved; what could not be removed is tried again after the next one.
    await this.#prune().catch(() => {});
    return path;
  }

  /** As `readLatestCheckpoint`; newer checkpoints that are damaged are renamed to `damaged-…`, to be out of the way. */
  async latest(): Promise<FoundCheckpoint | null> {
    const found = await findCheckpoint(this.directory, this.#disk);
    if (!found) return null;
    const skipped = await Promise.all(
      found.skipped.map(async ({ name, reason }) => {
        const aside = join(this.directory, `damaged-${randomUUID().slice(0, 8)}-${basename(name)}`);
        await this.#attempt('written to', () => this.#disk.rename(name, aside), found.name);
        return { name: aside, reason };
      }),
    );
    return { ...found, skipped };
  }

  /** Removes the checkpoints that are not kept; under another name first, so that none is ever there by half. */
  async #prune(): Promise<void> {
    const all = parseCheckpointNames(await this.#disk.list(this.directory));
    const kept = selectCheckpointsToKeep(all, this.#keepLast);
    for (const one of all) {
      if (kept.includes(one)) continue;
      const unfinished = this.#temporaryPath();
      await this.#disk.rename(join(this.directory, one.name), unfinished);
      await this.#disk.remove(unfinished);
    }
  }

  #temporaryPath(): string {
    return join(this.directory, `${temporaryPrefix}${randomUUID()}`);
  }

  async #attempt<Result>(
    what: string,
    work: () => Promise<Result>,
    last: string | null = null,
  ): Promise<Result> {
    try {
      return await work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CheckpointError(`${this.directory} cannot be ${what}: ${reason}`, last, { cause });
    }
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
