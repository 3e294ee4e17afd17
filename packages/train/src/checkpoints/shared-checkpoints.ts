import { basename, join } from 'node:path';
import { DataError, type Ranks } from '@openset/core';
import { gatherResults, onFirstRank } from '../parallel/agree.ts';
import { checkSameState } from '../parallel/same-state.ts';
import { CheckpointError } from '../training/errors.ts';
import type { Checkpoint, CheckpointStore, FoundCheckpoint, SkippedCheckpoint } from './checkpoint.ts';
import type { CheckpointDirectory } from './checkpoint-directory.ts';
import {
  readChecksums,
  readRowsOfCheckpoint,
  verifyFile,
  type WrittenFile,
  writeCheckpoint,
  writeFiles,
} from './checkpoint-folder.ts';
import { parseCheckpointNames } from './checkpoint-names.ts';
import type { DurableFiles } from './durable-files.ts';
import { allDamaged } from './read-latest-checkpoint.ts';
import { partName, type RowsOf } from './tensor-rows.ts';

/**
 * The checkpoints of ranks that each hold some rows of sharded tensors, in a directory that all of them share. Each rank writes its rows to
 * the folder of the checkpoint. Rank 0 writes the rest and the list of all files, and renames the folder: before that, it is no checkpoint.
 * Each rank reads its rows alone, whatever ranks have written them.
 */
export class SharedCheckpoints implements CheckpointStore {
  readonly #folders: CheckpointDirectory;
  readonly #disk: DurableFiles;
  readonly #ranks: Ranks;
  readonly #rowsOf: RowsOf;

  /** @param rowsOf the rows that this rank holds */
  constructor(folders: CheckpointDirectory, disk: DurableFiles, ranks: Ranks, rowsOf: RowsOf) {
    this.#folders = folders;
    this.#disk = disk;
    this.#ranks = ranks;
    this.#rowsOf = rowsOf;
  }

  /** @throws CheckpointError also if the ranks do not share the directory */
  async prepare(bytes: number): Promise<void> {
    await onFirstRank(this.#ranks, async () => {
      await this.#folders.prepare(bytes);
      return null;
    });
    await this.#together((unfinished) =>
      this.#writeParts(unfinished, { 'probe.safetensors': new Uint8Array(0) }),
    );
  }

  /** @throws DataError if the ranks no longer have the same state; CheckpointError if they do not share the directory */
  async save(checkpoint: Checkpoint, { isBest }: { readonly isBest: boolean }): Promise<string> {
    await checkSameState(this.#ranks, checkpoint.files);
    const { step } = checkpoint.info.progress;
    return this.#together(async (unfinished) => {
      const parts = await this.#writeParts(unfinished, checkpoint.rows ?? {});
      const name = await onFirstRank(this.#ranks, async () => {
        await writeCheckpoint(unfinished, checkpoint, this.#disk, parts);
        return basename(await this.#folders.publish(unfinished, { step, isBest }));
      });
      return join(this.#folders.path, name);
    });
  }

  async latest(): Promise<FoundCheckpoint | null> {
    const ranks = this.#ranks;
    const names = await onFirstRank(ranks, async () =>
      parseCheckpointNames(await this.#disk.list(this.#folders.path)).map(({ name }) => name),
    );
    const damaged: SkippedCheckpoint[] = [];
    for (const name of names) {
      const path = join(this.#folders.path, name);
      const files = await this.#listFiles(path);
      const damage = typeof files === 'string' ? files : await this.#findDamage(path, files);
      if (typeof files === 'string' || damage !== null) {
        damaged.push({ name: path, reason: damage as string });
        continue;
      }
      let checkpoint: Checkpoint | undefined;
      await gatherResults(ranks, async () => {
        checkpoint = await readRowsOfCheckpoint(path, files.keys(), this.#rowsOf, this.#disk);
        return null;
      });
      const skipped = await onFirstRank(ranks, () =>
        Promise.all(damaged.map((one) => this.#folders.setAside(one, path))),
      );
      return { name: path, checkpoint: checkpoint as Checkpoint, skipped };
    }
    if (damaged.length === 0) return null;
    throw allDamaged(this.#folders.path, damaged);
  }

  /** Runs work in an unfinished folder of all ranks, and removes the folder if anything is left of it. */
  async #together<T>(work: (unfinished: string) => Promise<T>): Promise<T> {
    const name = await onFirstRank(this.#ranks, async () => basename(await this.#folders.begin()));
    const unfinished = join(this.#folders.path, name);
    try {
      return await work(unfinished);
    } finally {
      await onFirstRank(this.#ranks, async () => {
        await this.#folders.discard(unfinished);
        return null;
      });
      // The others may have created it on disks of their own.
      if (this.#ranks.rank > 0) await this.#folders.discard(unfinished);
    }
  }

  /** Writes the files of each rank. @returns those of all ranks @throws CheckpointError if rank 0 does not see them */
  async #writeParts(unfinished: string, files: Checkpoint['files']): Promise<WrittenFile[]> {
    const { rank, size } = this.#ranks;
    const named = Object.entries(files).map(([name, bytes]) => [partName(name, rank, size), bytes]);
    const byRank = await gatherResults(this.#ranks, async () => {
      await this.#disk.makeFolder(unfinished);
      return writeFiles(unfinished, Object.fromEntries(named), this.#disk);
    });
    await onFirstRank(this.#ranks, async () => {
      for (const [other, written] of byRank.entries()) {
        for (const { name, bytes } of written) {
          const found = await this.#disk.size(join(unfinished, name)).catch(() => null);
          if (found !== bytes) throw notShared(this.#folders.path, other, name);
        }
      }
      return null;
    });
    return byRank.flat();
  }

  /** Returns the checksums of a checkpoint's files, or what is damaged. @throws CheckpointError if not all ranks see it */
  async #listFiles(path: string): Promise<Map<string, string> | string> {
    let own: Map<string, string> | undefined;
    const damages = await gatherResults(this.#ranks, async () => {
      try {
        own = await readChecksums(path, this.#disk);
        return null;
      } catch (error) {
        if (error instanceof DataError) return error.message;
        throw error;
      }
    });
    const [first] = damages;
    const other = damages.findIndex((damage) => (damage === null) !== (first === null));
    if (other > 0) throw notShared(this.#folders.path, other, basename(path));
    return first ?? (own as Map<string, string>);
  }

  /** Verifies the checksums of all files, each on one rank. Returns what is damaged; null if nothing is. */
  async #findDamage(path: string, files: ReadonlyMap<string, string>): Promise<string | null> {
    const { rank, size } = this.#ranks;
    const own = [...files].filter((_, index) => index % size === rank);
    const damages = await gatherResults(this.#ranks, async () => {
      try {
        for (const [name, checksum] of own) await verifyFile(path, name, checksum, this.#disk);
        return null;
      } catch (error) {
        if (error instanceof DataError) return error.message;
        throw error;
      }
    });
    return damages.find((damage) => damage !== null) ?? null;
  }
}

function notShared(directory: string, rank: number, name: string): CheckpointError {
  return new CheckpointError(
    `Rank 0 and rank ${rank} do not both see ${name} in ${directory}. With sharded classes, each rank writes its part of a checkpoint: ` +
      'choose a directory on a disk that all ranks share.',
    null,
  );
}
