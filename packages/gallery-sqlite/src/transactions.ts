import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConfigError } from '@openset/core';
import Database, { type Transaction } from 'better-sqlite3';
import { describeStoreError, isLocked } from './store-errors.ts';
import { untilUnlocked } from './until-unlocked.ts';

/** A call that waits to write. */
interface Writer {
  readonly work: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What a call that wrote returns or throws. */
type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** Largest number of calls that share a transaction: they block the event loop together. */
const largestGroup = 64;

/**
 * Runs calls on a database, each as a transaction: all of it or nothing. Waits without blocking while other programs hold locks.
 *
 * Calls that write at the same time share one transaction, each as a part of it that can fail alone. The disk must confirm a transaction,
 * which takes longer than all else, and so it confirms many calls at once.
 */
export class Transactions {
  readonly #database: Database.Database;
  readonly #path: string;
  readonly #patience: number;
  /** Begins a transaction, or a part of the one that has begun. */
  readonly #run: Transaction<(work: () => unknown) => unknown>;
  readonly #writers: Writer[] = [];
  /** Ends when no calls wait to write. */
  #writing: Promise<void> | null = null;
  /** Calls that have begun and not ended. */
  readonly #pending = new Set<Promise<unknown>>();
  #closing: Promise<void> | null = null;

  /**
   * @param path of the file, for messages
   * @param patience milliseconds to wait for a lock
   */
  constructor(database: Database.Database, path: string, patience: number) {
    this.#database = database;
    this.#path = path;
    this.#patience = patience;
    this.#run = database.transaction((work) => work());
  }

  /** @throws ConfigError after `close` */
  requireOpen(): void {
    if (this.#closing) throw new ConfigError('The gallery is closed: open it again.');
  }

  /** Runs work that reads one state of the database. It does not wait for calls that write. */
  read<T>(work: () => T): Promise<T> {
    return this.#track(this.#untilUnlocked(() => this.#run.deferred(work) as T));
  }

  /** Runs work that writes, after the calls before it. Its changes are on the disk when the promise resolves. */
  write<T>(work: () => T): Promise<T> {
    this.#requireWritable();
    const result = new Promise<unknown>((resolve, reject) => {
      this.#writers.push({ work, resolve, reject });
    });
    this.#writing ??= this.#writeAll();
    return this.#track(result as Promise<T>);
  }

  /** Runs work outside a transaction, after the calls before it that write. */
  alone(work: () => void): Promise<void> {
    this.#requireWritable();
    return this.#track((this.#writing ?? Promise.resolve()).then(() => this.#untilUnlocked(work)));
  }

  /** Closes the database after the calls that have begun. */
  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#pending).then(() => void this.#database.close());
    return this.#closing;
  }

  async #writeAll(): Promise<void> {
    while (this.#writers.length > 0) {
      // Calls of this turn of the event loop join.
      await nextTurn();
      await this.#writeGroup(this.#writers.splice(0, largestGroup));
    }
    this.#writing = null;
  }

  /** Runs calls as one transaction. */
  async #writeGroup(group: readonly Writer[]): Promise<void> {
    try {
      const transaction = () => group.map(({ work }) => this.#outcomeOf(work));
      const outcomes = await untilUnlocked(
        () => this.#run.immediate(transaction) as Outcome[],
        this.#patience,
      );
      outcomes.forEach((outcome, index) => {
        if ('error' in outcome) group[index]!.reject(outcome.error);
        else group[index]!.resolve(outcome.result);
      });
    } catch (error) {
      if (group.length === 1 || isLocked(error)) {
        for (const { reject } of group) reject(describeStoreError(error, this.#path));
      } else {
        // An error such as a full disk ends the whole transaction, perhaps because of one large call.
        for (const writer of group) await this.#writeGroup([writer]);
      }
    }
  }

  /** Runs work as a part of a transaction. Throws errors of SQLite only. */
  #outcomeOf(work: () => unknown): Outcome {
    try {
      return { result: this.#run(work) };
    } catch (error) {
      if (error instanceof Database.SqliteError) throw error;
      return { error };
    }
  }

  async #untilUnlocked<T>(work: () => T): Promise<T> {
    try {
      return await untilUnlocked(work, this.#patience);
    } catch (error) {
      throw describeStoreError(error, this.#path);
    }
  }

  #requireWritable(): void {
    this.requireOpen();
    if (this.#database.readonly)
      throw new ConfigError(`The gallery ${this.#path} was opened to read only: open it without readOnly.`);
  }

  #track<T>(call: Promise<T>): Promise<T> {
    this.#pending.add(call);
    const forget = () => this.#pending.delete(call);
    call.then(forget, forget);
    return call;
  }
}
