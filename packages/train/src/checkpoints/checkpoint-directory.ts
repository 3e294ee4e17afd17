import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import { CheckpointError } from '../training/errors.ts';
import type { SkippedCheckpoint } from './checkpoint.ts';
import { newCheckpointName, parseCheckpointNames, selectCheckpointsToKeep } from './checkpoint-names.ts';
import type { DurableFiles } from './durable-files.ts';

/** Prefix of folders that are being written or removed; leftovers of a killed process are useless. */
const temporaryPrefix = '.unfinished-';

/** The folders of a directory of checkpoints: each appears and disappears as a whole. */
export class CheckpointDirectory {
  readonly path: string;
  readonly #keepLast: number;
  readonly #disk: DurableFiles;

  constructor(path: string, keepLast: number, disk: DurableFiles) {
    this.path = path;
    this.#keepLast = keepLast;
    this.#disk = disk;
  }

  /**
   * Creates the directory, removes leftovers of a killed process, and rehearses a save with zeros of a checkpoint's size.
   * @throws CheckpointError if that fails, or if the disk lacks space for the checkpoints to keep
   */
  async prepare(bytes: number): Promise<void> {
    const existing = await this.#attempt('prepared', async () => {
      await this.#disk.makeFolder(this.path);
      const names = await this.#disk.list(this.path);
      const unfinished = names.filter((name) => name.startsWith(temporaryPrefix));
      for (const name of unfinished) await this.#disk.remove(join(this.path, name));
      return parseCheckpointNames(names);
    });
    // The checkpoints to keep, the best one, and the one that is written before an old one is removed.
    const planned = Number.isFinite(this.#keepLast) ? this.#keepLast + 2 : 2;
    const needed = Math.max(1, planned - existing.length) * bytes;
    const last = existing[0] ? join(this.path, existing[0].name) : null;
    const free = await this.#attempt('checked for free space', () => this.#disk.freeBytes(this.path), last);
    if (free !== null && free < needed) {
      throw new CheckpointError(
        `${this.path} is on a disk with ${megabytes(free)} free, but ${megabytes(needed)} are needed for checkpoints of ` +
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
      await this.#disk.syncFolder(this.path);
    };
    try {
      await this.#attempt('written to', rehearse, last);
    } finally {
      for (const path of [trial, renamed]) await this.#disk.remove(path).catch(() => {});
    }
  }

  /** Creates an empty folder under a temporary name. Returns its path. */
  async begin(): Promise<string> {
    const unfinished = this.#temporaryPath();
    await this.#disk.makeFolder(unfinished);
    return unfinished;
  }

  /** Makes a finished folder a checkpoint, and removes those that are not kept. Returns its path. */
  async publish(unfinished: string, checkpoint: { step: number; isBest: boolean }): Promise<string> {
    const existing = parseCheckpointNames(await this.#disk.list(this.path));
    const path = join(this.path, newCheckpointName(existing, checkpoint));
    await this.#disk.rename(unfinished, path);
    await this.#disk.syncFolder(this.path);
    // The checkpoint is saved; the next save retries a failed removal.
    await this.#prune().catch(() => {});
    return path;
  }

  /** Removes an unfinished folder as far as it can. */
  async discard(unfinished: string): Promise<void> {
    await this.#disk.remove(unfinished).catch(() => {});
  }

  /**
   * Renames a damaged checkpoint to `damaged-…`. Returns it with its new path.
   * @param last path of the newest intact checkpoint
   */
  async setAside({ name, reason }: SkippedCheckpoint, last: string | null): Promise<SkippedCheckpoint> {
    const renamed = join(this.path, `damaged-${randomUUID().slice(0, 8)}-${basename(name)}`);
    await this.#attempt('written to', () => this.#disk.rename(name, renamed), last);
    return { name: renamed, reason };
  }

  /** Removes the checkpoints that are not kept. Renames them first, so that none is ever half removed. */
  async #prune(): Promise<void> {
    const all = parseCheckpointNames(await this.#disk.list(this.path));
    const kept = selectCheckpointsToKeep(all, this.#keepLast);
    for (const checkpoint of all) {
      if (kept.includes(checkpoint)) continue;
      const unfinished = this.#temporaryPath();
      await this.#disk.rename(join(this.path, checkpoint.name), unfinished);
      await this.#disk.remove(unfinished);
    }
  }

  #temporaryPath(): string {
    return join(this.path, `${temporaryPrefix}${randomUUID()}`);
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
      throw new CheckpointError(`${this.path} cannot be ${action}: ${reason}`, last, { cause });
    }
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
