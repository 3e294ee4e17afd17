import { ConfigError } from '@openset/core';

/** Schema of a gallery if its address names none. */
const defaultSchema = 'openset';

/** Where a gallery is. */
export interface PostgresAddress {
  /** Address for pg, without the name of the gallery. */
  readonly connectionString: string;
  /** Schema that holds the gallery. */
  readonly schema: string;
  /** Address for messages: `postgres://host:5432/database?gallery=openset`. It has neither user nor password. */
  readonly display: string;
}

/**
 * Reads the address of a gallery: `postgres://user:password@host:5432/database?gallery=staff`, with the parameters that pg takes,
 * such as `sslmode`. Pg reads what is missing from the environment: `PGPASSWORD`, `PGUSER`, `~/.pgpass` and so on.
 * @param gallery name of the gallery; default: the one in the address, or `openset`
 * @throws ConfigError if the address or the name is malformed
 */
export function readPostgresAddress(address: string, gallery?: string): PostgresAddress {
  if (!isPostgresAddress(address) || !URL.canParse(address)) {
    throw new ConfigError(
      'The address of a PostgreSQL server must look like postgres://user:password@host:5432/database?gallery=staff. Encode ' +
        'special characters of the password, such as / as %2F.',
    );
  }
  const url = new URL(address);
  const named = url.searchParams.getAll('gallery');
  url.searchParams.delete('gallery');
  if (named.length > 1) throw new ConfigError('The address of a gallery names two galleries: name one.');
  if (gallery !== undefined && named.length > 0 && named[0] !== gallery) {
    throw new ConfigError(`The address names the gallery '${named[0]}', but the option '${gallery}'.`);
  }
  const schema = gallery ?? named[0] ?? defaultSchema;
  checkSchema(schema);
  return {
    connectionString: url.href,
    schema,
    display: `${url.protocol}//${url.host || 'localhost'}${url.pathname}?gallery=${schema}`,
  };
}

/** Returns whether a text is the address of a PostgreSQL server, rather than a path. */
export function isPostgresAddress(text: string): boolean {
  return typeof text === 'string' && /^postgres(ql)?:\/\//i.test(text);
}

function checkSchema(schema: string): void {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(schema) && !/^(pg_|information_schema$)/.test(schema)) return;
  throw new ConfigError(
    `The name of a gallery must have 1 to 63 lower case letters, digits and '_', and no digit or 'pg_' at the start, but is '${schema}'.`,
  );
}
