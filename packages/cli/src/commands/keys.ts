import { addKey, createKey, type KeyRecord, readKeys, removeKey, type Scope } from '@openset/server';
import { aligned, counted } from '../evaluation/texts.ts';
import { exitCodes } from '../exit-codes.ts';
import type { CommandResult } from '../output.ts';

/** Options of `openset keys`. */
export interface KeysOptions {
  /** Path of the file of API keys. */
  readonly keys: string;
}

/** A key without its hash. */
export type KeyFacts = Omit<KeyRecord, 'hash'>;

/**
 * Creates an API key. The result is the only place that ever shows it.
 * @throws ConfigError for a name that the file has, or a damaged name; DataError for a damaged file
 */
export async function createApiKey({
  keys,
  name,
  scopes,
}: KeysOptions & { readonly name: string; readonly scopes: readonly Scope[] }): Promise<
  CommandResult<KeyFacts & { readonly key: string }>
> {
  const { key, record } = createKey({ name, scopes });
  await addKey(keys, record);
  return {
    data: { key, ...factsOf(record) },
    text: `${key}\nThis is the key '${record.name}', for ${record.scopes.join(', ')}. Keep it: ${keys} has only its hash.`,
  };
}

/** Lists the API keys of a file; none if there is no file. @throws DataError for a damaged file */
export async function listApiKeys({
  keys,
}: KeysOptions): Promise<CommandResult<{ readonly keys: readonly KeyFacts[] }>> {
  const records = await readKeys(keys);
  return {
    data: { keys: records.map(factsOf) },
    text:
      records.length === 0
        ? `${counted(0, 'key')} in ${keys}`
        : aligned(
            records.map(({ name, scopes, created }) => [name, `${scopes.join(', ')}; created ${created}`]),
          ),
  };
}

/**
 * Removes an API key.
 * @returns exit code 1 if the file has no key of that name
 * @throws DataError for a damaged file
 */
export async function removeApiKey({
  keys,
  name,
}: KeysOptions & { readonly name: string }): Promise<CommandResult<{ readonly removed: boolean }>> {
  const removed = await removeKey(keys, name);
  return {
    data: { removed },
    text: removed ? `${name} removed: services refuse it within a second` : `${keys} has no key '${name}'`,
    exitCode: removed ? exitCodes.success : exitCodes.no,
  };
}

function factsOf({ name, scopes, created }: KeyRecord): KeyFacts {
  return { name, scopes, created };
}
