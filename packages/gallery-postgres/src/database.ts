import type { ConnectionOptions } from 'node:tls';
import { ConfigError, checkNumber, OpenSetError } from '@openset/core';
import pg from 'pg';
import {
  explainError,
  isBrokenConnection,
  isTransactionConflict,
  UncertainChangeError,
} from './database-error.ts';
import type { PostgresAddress } from './postgres-address.ts';

/** Options of the connections to a server. */
export interface ConnectionSettings {
  /** Largest number of connections; default 10. */
  readonly maxConnections?: number | undefined;
  /** Milliseconds to wait for a connection, and for a server that restarts during a change; default 10,000. */
  readonly connectTimeout?: number | undefined;
  /** Milliseconds after which the server ends a statement; 0 for never. Default 30,000. */
  readonly statementTimeout?: number | undefined;
  /** Whether calls that write are refused. Default false. */
  readonly readOnly?: boolean | undefined;
  /** TLS, as pg takes it; default: by the address or by `PGSSLMODE`, else off. */
  readonly ssl?: boolean | ConnectionOptions | undefined;
}

/** A row as pg returns it. */
// biome-ignore lint/suspicious/noExplicitAny: the columns differ by statement.
export type Row = any;

/**
 * Runs a statement on a connection. `values`: its parameters; without them, the text may have several statements, which are one
 * transaction.
 */
export type RunStatement = (text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** Number of attempts of a statement or a transaction. */
const attempts = 4;
/** Milliseconds between looks at a transaction whose connection broke. */
const pollInterval = 100;

/** Connections to one database, which are replaced when they break. */
export class Database {
  /** Address for messages. */
  readonly where: string;
  readonly #pool: pg.Pool;
  readonly #readOnly: boolean;
  readonly #connectTimeout: number;
  readonly #running = new Set<Promise<unknown>>();
  #isClosed = false;

  /** Connects at the first call. @throws ConfigError if an option is out of range */
  constructor(address: PostgresAddress, settings: ConnectionSettings = {}) {
    const {
      maxConnections = 10,
      connectTimeout = 10_000,
      statementTimeout = 30_000,
      readOnly = false,
      ssl,
    } = settings;
    checkNumber('openPostgresGallery: maxConnections', maxConnections, { minimum: 1, integer: true });
    checkNumber('openPostgresGallery: connectTimeout', connectTimeout, { minimum: 1, integer: true });
    checkNumber('openPostgresGallery: statementTimeout', statementTimeout, { minimum: 0, integer: true });
    this.where = address.display;
    this.#readOnly = readOnly;
    this.#connectTimeout = connectTimeout;
    this.#pool = new pg.Pool({
      connectionString: address.connectionString,
      max: maxConnections,
      connectionTimeoutMillis: connectTimeout,
      ...(statementTimeout > 0 && { statement_timeout: statementTimeout }),
      ...(ssl !== undefined && { ssl }),
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      allowExitOnIdle: true,
      application_name: 'openset',
    });
    // The pool drops a connection that breaks. Without listeners, its error would end the process.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  /** Runs statements that only read, on one connection. They are repeated if it breaks. */
  read<T>(work: (run: RunStatement) => Promise<T>): Promise<T> {
    return this.#track(() => this.#repeat(() => this.#withConnection(work)));
  }

  /** @throws ConfigError if it is closed */
  requireOpen(): void {
    if (this.#isClosed) throw new ConfigError('The gallery is closed: open it again.');
  }

  /**
   * Runs a transaction. It is repeated if a connection breaks or transactions collide, so `work` must change nothing else.
   * @throws ConfigError if the gallery was opened to read only
   */
  transaction<T>(work: (run: RunStatement) => Promise<T>): Promise<T> {
    this.#requireWritable();
    return this.#track(() => this.#repeat(() => this.#attemptTransaction(work)));
  }

  /** Runs statements outside a transaction, on one connection that is closed afterwards, so that it may change settings. */
  maintain(work: (run: RunStatement) => Promise<void>): Promise<void> {
    this.#requireWritable();
    return this.#track(() => this.#withConnection(work, { isLast: true }));
  }

  /** Ends the connections, after calls that have begun. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#pool.end();
  }

  #requireWritable(): void {
    this.requireOpen();
    if (this.#readOnly)
      throw new ConfigError(`The gallery ${this.where} was opened to read only: open it without readOnly.`);
  }

  async #track<T>(work: () => Promise<T>): Promise<T> {
    this.requireOpen();
    const promise = work();
    this.#running.add(promise);
    try {
      return await promise;
    } catch (error) {
      throw explainError(error, this.where);
    } finally {
      this.#running.delete(promise);
    }
  }

  async #repeat<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const canRepeat = isBrokenConnection(error) || isTransactionConflict(error);
        if (!canRepeat || error instanceof OpenSetError || attempt === attempts) throw error;
      }
    }
  }

  async #withConnection<T>(work: (run: RunStatement) => Promise<T>, { isLast = false } = {}): Promise<T> {
    const client = await this.#pool.connect();
    let problem: unknown = isLast;
    try {
      return await work(async (text, values) => {
        const result = await client.query(text, values as unknown[] | undefined);
        // Several statements have several results. Only the last selects rows.
        return (Array.isArray(result) ? result.at(-1) : result).rows;
      });
    } catch (error) {
      problem = isBrokenConnection(error) || isLast;
      throw error;
    } finally {
      client.release(problem === true);
    }
  }

  async #attemptTransaction<T>(work: (run: RunStatement) => Promise<T>): Promise<T> {
    let committing: { readonly result: T; readonly id: string | null } | null = null;
    try {
      return await this.#withConnection(async (run) => {
        await run('BEGIN');
        try {
          const result = await work(run);
          const [row] = await run('SELECT pg_current_xact_id_if_assigned()::text AS id');
          committing = { result, id: row.id };
          await run('COMMIT');
          return result;
        } catch (error) {
          if (!isBrokenConnection(error)) await run('ROLLBACK');
          throw error;
        }
      });
    } catch (error) {
      // The connection broke during the commit: ask whether the server did it.
      const { result, id } = (committing ?? {}) as { result?: T; id?: string | null };
      if (!id || !isBrokenConnection(error)) throw error;
      if (await this.#isCommitted(id, error)) return result as T;
      throw error;
    }
  }

  /** Returns whether a transaction was committed, once it has ended. Waits for a server that restarts. */
  async #isCommitted(id: string, cause: unknown): Promise<boolean> {
    const deadline = performance.now() + this.#connectTimeout;
    for (;;) {
      try {
        const [row] = await this.#withConnection((run) =>
          run('SELECT pg_xact_status($1::text::xid8) AS status', [id]),
        );
        if (row.status !== 'in progress') return row.status === 'committed';
      } catch {
        if (performance.now() > deadline) {
          throw new UncertainChangeError(
            `The connection to ${this.where} broke while a change was written, so it may be there or not: look at the gallery before ` +
              'you repeat it.',
            { cause },
          );
        }
      }
      await new Promise((resolve) => setTimeout(resolve, pollInterval));
    }
  }
}
