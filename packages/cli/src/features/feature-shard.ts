import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** Number of bytes of a key. */
export const keyBytes = 16;
/** Bytes of an index entry: the key, the checksum of the row, the checksum of both. */
const entryBytes = keyBytes + 8;

export const indexExtension = '.index';
export const rowsExtension = '.rows';

/**
 * One file of rows of equal length, and its index. A process appends only to a shard of its own, so processes need no
 * lock. Each entry of the index follows its row, and both have checksums: an entry that a crash cut off, or a damaged
 * row, counts as missing.
 */
export interface ShardIndex {
  /** `[entries, 16]`: the key of each row; all zeros for a damaged entry. */
  readonly keys: Uint8Array;
  /** `[entries]`: checksums of the rows. */
  readonly checksums: Uint32Array;
}

/** Returns the checksum of bytes. */
export function checksum(bytes: Uint8Array): number {
  return crc32(bytes);
}

/** Reads the index of a shard. Damaged entries have a key of zeros; an incomplete last entry is ignored. */
export async function readShardIndex(folder: string, name: string): Promise<ShardIndex> {
  const bytes = await readFile(join(folder, name + indexExtension));
  const count = Math.floor(bytes.length / entryBytes);
  const keys = new Uint8Array(count * keyBytes);
  const checksums = new Uint32Array(count);
  for (let entry = 0; entry < count; entry++) {
    const at = entry * entryBytes;
    const body = bytes.subarray(at, at + entryBytes - 4);
    if (checksum(body) !== bytes.readUInt32LE(at + entryBytes - 4)) continue;
    keys.set(body.subarray(0, keyBytes), entry * keyBytes);
    checksums[entry] = bytes.readUInt32LE(at + keyBytes);
  }
  return { keys, checksums };
}

/** Appends rows to a new shard. */
export class ShardWriter {
  readonly name: string;
  readonly #rows: FileHandle;
  readonly #index: FileHandle;

  private constructor(name: string, rows: FileHandle, index: FileHandle) {
    this.name = name;
    this.#rows = rows;
    this.#index = index;
  }

  /** Creates a shard with a name that no other process uses. */
  static async create(folder: string): Promise<ShardWriter> {
    const name = randomUUID();
    const rows = await open(join(folder, name + rowsExtension), 'ax+');
    try {
      return new ShardWriter(name, rows, await open(join(folder, name + indexExtension), 'ax'));
    } catch (error) {
      await rows.close();
      await rm(join(folder, name + rowsExtension), { force: true });
      throw error;
    }
  }

  /** File of the rows, for reading. */
  get rows(): FileHandle {
    return this.#rows;
  }

  /**
   * Appends rows, then their entries.
   * @param keys one for each row
   * @param rows bytes of the rows, one after the other
   * @returns the checksum of each row
   */
  async append(keys: readonly Uint8Array[], rows: Uint8Array): Promise<number[]> {
    const rowBytes = rows.length / keys.length;
    const checksums = keys.map((_, row) => checksum(rows.subarray(row * rowBytes, (row + 1) * rowBytes)));
    const entries = Buffer.alloc(keys.length * entryBytes);
    for (const [row, key] of keys.entries()) {
      const at = row * entryBytes;
      entries.set(key.subarray(0, keyBytes), at);
      entries.writeUInt32LE(checksums[row]!, at + keyBytes);
      entries.writeUInt32LE(checksum(entries.subarray(at, at + entryBytes - 4)), at + entryBytes - 4);
    }
    await this.#rows.appendFile(rows);
    await this.#index.appendFile(entries);
    return checksums;
  }

  /** Closes the index; `rows` stays open for its reader. */
  async close(): Promise<void> {
    await this.#index.close();
  }
}
