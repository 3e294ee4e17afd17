import { hash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { DataError } from '@openset/core';
import { describeFileError } from '../files/file-error.ts';
import { writeAtomically } from '../files/write-file.ts';
import {
  checksum,
  indexExtension,
  keyBytes,
  readShardIndex,
  rowsExtension,
  ShardWriter,
} from './feature-shard.ts';
import { RowTable } from './row-table.ts';

/** Version of the files; other versions have other folders. */
const format = 1;

/**
 * Returns the folder of the cache: `openset` in `XDG_CACHE_HOME`, or in `~/.cache`.
 * @param environment variables; default: those of this process
 */
export function defaultCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME: base } = environment;
  // The specification says to ignore relative paths.
  return join(base && isAbsolute(base) ? base : join(homedir(), '.cache'), 'openset');
}

/** Facts that all features of a folder share; anything that changes a feature must be among them. */
export type FeatureFacts = Readonly<Record<string, string | number | readonly number[]>>;

/**
 * Features on disk: one row of numbers for each key of 16 bytes. Several processes may use a folder at the same time: each
 * appends to files of its own, and sees what the others had written when it opened the folder. A damaged row counts as
 * missing. It is always safe to delete the folder.
 */
export class FeatureCache {
  /** Folder of the features of one network and one way to prepare images. */
  readonly folder: string;
  readonly #rowBytes: number;
  readonly #table: RowTable;
  readonly #files: { readonly rows: FileHandle; readonly first: number }[];
  readonly #checksums: Uint32Array[];
  #count: number;
  #writer: { readonly shard: ShardWriter; readonly first: number; readonly checksums: number[] } | null =
    null;

  #lastAppend: Promise<unknown> = Promise.resolve();

  private constructor(
    folder: string,
    rowBytes: number,
    loaded: {
      readonly table: RowTable;
      readonly files: { readonly rows: FileHandle; readonly first: number }[];
      readonly checksums: Uint32Array[];
      readonly count: number;
    },
  ) {
    this.folder = folder;
    this.#rowBytes = rowBytes;
    this.#table = loaded.table;
    this.#files = loaded.files;
    this.#checksums = loaded.checksums;
    this.#count = loaded.count;
  }

  /**
   * Opens the features of a network, and creates their folder.
   * @param root folder of the cache
   * @param facts what the features depend on besides the image
   * @param size number of values in a row
   * @throws DataError if the folder cannot be created or read
   */
  static async open(root: string, facts: FeatureFacts, size: number): Promise<FeatureCache> {
    const description = JSON.stringify({ format, size, ...facts });
    const folder = join(root, 'features', hash('sha256', description, 'hex').slice(0, 32));
    try {
      await mkdir(folder, { recursive: true });
      await writeAtomically(join(folder, 'facts.json'), `${description}\n`);
      return new FeatureCache(folder, 4 * size, await loadShards(folder, 4 * size));
    } catch (error) {
      if (error instanceof DataError) throw error;
      throw cacheError(folder, error);
    }
  }

  /** Number of rows by key. */
  get size(): number {
    return this.#table.size;
  }

  /** Returns the number of a row; undefined if there is none. Rows keep their numbers while the cache is open. */
  find(key: Uint8Array): number | undefined {
    return this.#table.get(key);
  }

  /**
   * Reads a row.
   * @param row number from `find` or `append`
   * @param target `[size]`, overwritten
   * @returns whether the row is intact
   */
  async read(row: number, target: Float32Array): Promise<boolean> {
    const shard = this.#files.findLastIndex(({ first }) => first <= row);
    const { rows, first } = this.#files[shard]!;
    const bytes = new Uint8Array(target.buffer, target.byteOffset, this.#rowBytes);
    try {
      const { bytesRead } = await rows.read(bytes, 0, this.#rowBytes, (row - first) * this.#rowBytes);
      const expected = this.#checksums[shard]?.[row - first] ?? this.#writer?.checksums[row - first];
      return bytesRead === this.#rowBytes && checksum(bytes) === expected;
    } catch {
      return false;
    }
  }

  /**
   * Appends rows, after those of earlier calls.
   * @param keys one for each row
   * @param rows `[keys, size]` row-major
   * @returns the number of the first row; the others follow
   * @throws DataError if they cannot be written
   */
  append(keys: readonly Uint8Array[], rows: Float32Array): Promise<number> {
    const appended = this.#lastAppend.then(() => this.#append(keys, rows));
    this.#lastAppend = appended.catch(() => {});
    return appended;
  }

  async #append(keys: readonly Uint8Array[], rows: Float32Array): Promise<number> {
    try {
      if (!this.#writer) {
        const shard = await ShardWriter.create(this.folder);
        this.#writer = { shard, first: this.#count, checksums: [] };
        this.#files.push({ rows: shard.rows, first: this.#count });
      }
      const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
      this.#writer.checksums.push(...(await this.#writer.shard.append(keys, bytes)));
    } catch (error) {
      throw cacheError(this.folder, error);
    }
    const first = this.#count;
    for (const [row, key] of keys.entries()) this.#table.set(key, first + row);
    this.#count += keys.length;
    return first;
  }

  /** Closes the files. */
  async close(): Promise<void> {
    await this.#lastAppend;
    await this.#writer?.shard.close();
    await Promise.all(this.#files.splice(0).map(({ rows }) => rows.close()));
  }
}

/** Opens all shards of a folder whose files are complete. */
async function loadShards(folder: string, rowBytes: number) {
  const names = (await readdir(folder))
    .filter((name) => name.endsWith(indexExtension))
    .map((name) => name.slice(0, -indexExtension.length))
    .sort();
  const table = new RowTable();
  const files: { readonly rows: FileHandle; readonly first: number }[] = [];
  const checksums: Uint32Array[] = [];
  let count = 0;
  for (const name of names) {
    const path = join(folder, name + rowsExtension);
    const index = await readShardIndex(folder, name);
    const status = await stat(path).catch(() => null);
    const complete = Math.min(index.checksums.length, Math.floor((status?.size ?? 0) / rowBytes));
    if (complete === 0) continue;
    files.push({ rows: await open(path, 'r'), first: count });
    checksums.push(index.checksums.subarray(0, complete));
    for (let row = 0; row < complete; row++) {
      const key = index.keys.subarray(row * keyBytes, (row + 1) * keyBytes);
      if (key.some((byte) => byte !== 0)) table.set(key, count + row);
    }
    count += complete;
  }
  return { table, files, checksums, count };
}

function cacheError(folder: string, error: unknown): DataError {
  const reason = describeFileError(error) ?? (error as Error).message;
  return new DataError(
    `The feature cache '${folder}' cannot be used: ${reason}. Name another folder with --feature-cache, or 'off'.`,
    { cause: error },
  );
}
