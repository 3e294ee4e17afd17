import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { ConfigError, checkChoice, DataError } from '@openset/core';

/** What a key allows: `read` recognises and lists, `enroll` adds, changes and removes people, `admin` everything. */
export type Scope = 'read' | 'enroll' | 'admin';

/** All scopes. */
export const scopes: readonly Scope[] = ['read', 'enroll', 'admin'];

/**
 * An API key as the file keeps it. A key is 256 random bits, so a single SHA-256 protects it: nobody can try so many. Slow hashes
 * protect passwords, which people choose.
 */
export interface KeyRecord {
  /** Name for people, unique in the file. */
  readonly name: string;
  /** What requests with the key may do. */
  readonly scopes: readonly Scope[];
  /** ISO 8601 in UTC. */
  readonly created: string;
  /** SHA-256 of the key as 64 hexadecimal digits. */
  readonly hash: string;
}

/**
 * Returns a new random key, and its record for the file. The key itself is not stored: show it once.
 * @throws ConfigError for an empty name, an unknown scope, or no scope
 */
export function createKey(options: { readonly name: string; readonly scopes: readonly Scope[] }): {
  readonly key: string;
  readonly record: KeyRecord;
} {
  const name = options.name.trim();
  if (name === '') throw new ConfigError('A key needs a name, which tells it from others.');
  if (options.scopes.length === 0) throw new ConfigError(`A key needs a scope: ${scopes.join(', ')}.`);
  for (const scope of options.scopes) checkChoice('createKey: scopes', scope, scopes);
  const key = `openset_${randomBytes(32).toString('base64url')}`;
  const created = new Date().toISOString();
  return {
    key,
    record: { name, scopes: [...new Set(options.scopes)], created, hash: hashOf(key).toString('hex') },
  };
}

/**
 * Reads the records of a file of keys; none if there is no file.
 * @throws DataError if the file is damaged
 */
export async function readKeys(path: string): Promise<readonly KeyRecord[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    const { keys } = JSON.parse(text) as { keys: KeyRecord[] };
    if (keys.every(isRecord)) return keys;
  } catch {
    // Reported below.
  }
  throw new DataError(`The file of API keys '${path}' is damaged: restore it, or create the keys again.`);
}

/**
 * Adds a key to a file, which only its owner can read. Running services use it within a second.
 * @throws ConfigError if the file has a key of that name; DataError if it is damaged
 */
export async function addKey(path: string, record: KeyRecord): Promise<void> {
  const records = await readKeys(path);
  if (records.some(({ name }) => name === record.name)) {
    throw new ConfigError(
      `'${path}' already has a key '${record.name}': remove it first, or choose another name.`,
    );
  }
  await writeKeys(path, [...records, record]);
}

/**
 * Removes a key from a file. Running services refuse it within a second.
 * @returns whether it was there
 * @throws DataError if the file is damaged
 */
export async function removeKey(path: string, name: string): Promise<boolean> {
  const records = await readKeys(path);
  const remaining = records.filter((record) => record.name !== name);
  if (remaining.length === records.length) return false;
  await writeKeys(path, remaining);
  return true;
}

/** Writes under a temporary name, and renames: a reader sees the old file or the new one. */
async function writeKeys(path: string, keys: readonly KeyRecord[]): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ keys }, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** The keys of a running service. */
export interface ApiKeys {
  /** Returns the record of a key; null if it is unknown. */
  find(key: string): Promise<KeyRecord | null>;
}

/** Milliseconds after which a file of keys is looked at again. */
const reloadInterval = 1000;

/**
 * Opens a file of keys, which is read again when it changes. A damaged file keeps the last keys; a missing file has none.
 * @param onProblem called if the file cannot be read any more
 * @throws DataError if the file is damaged now
 */
export async function openKeys(
  path: string,
  onProblem: (error: unknown) => void = () => {},
): Promise<ApiKeys> {
  let records = await readKeys(path);
  let version = await versionOf(path);
  let checkedAt = performance.now();
  const reload = async () => {
    checkedAt = performance.now();
    try {
      const current = await versionOf(path);
      if (current === version) return;
      records = await readKeys(path);
      version = current;
    } catch (error) {
      onProblem(error);
    }
  };
  return {
    async find(key) {
      if (performance.now() - checkedAt >= reloadInterval) await reload();
      return findKey(records, key);
    },
  };
}

/** Returns the record of a key, in a time that does not tell which one, or how much of it, is right. */
export function findKey(records: readonly KeyRecord[], key: string): KeyRecord | null {
  const hash = hashOf(key);
  let found: KeyRecord | null = null;
  for (const record of records) if (timingSafeEqual(Buffer.from(record.hash, 'hex'), hash)) found = record;
  return found;
}

/** Returns what changes whenever a file is replaced. */
async function versionOf(path: string): Promise<string | null> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

function isRecord(value: KeyRecord | null): boolean {
  return (
    typeof value?.name === 'string' &&
    typeof value.created === 'string' &&
    /^[0-9a-f]{64}$/.test(value.hash) &&
    Array.isArray(value.scopes) &&
    value.scopes.every((scope) => scopes.includes(scope))
  );
}
