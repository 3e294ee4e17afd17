import { ConfigError } from '@openset/core';
import { StoreError } from '@openset/gallery';
import { resultAfterCommit } from './requests.ts';
import { type Stores, storeNames, storesOf } from './schema.ts';
import { describeStoreError } from './store-errors.ts';

/** Runs calls on a database, each as one transaction: all of it or nothing. Closes when another tab needs the database. */
export class Transactions {
  readonly #database: IDBDatabase;
  /** Calls that have begun and not ended. */
  readonly #pending = new Set<Promise<unknown>>();
  #isClosed = false;
  /** Why the database was closed by somebody else; null if it was not. */
  #closedBecause: string | null = null;

  constructor(database: IDBDatabase) {
    this.#database = database;
    const { name } = database;
    database.onversionchange = ({ newVersion }) => {
      this.#closedBecause =
        newVersion === null
          ? `Another tab deleted the gallery '${name}': open it again to make a new one.`
          : `Another tab changed the gallery '${name}' to version ${newVersion}: reload this page.`;
      // Transactions that have begun end first. An open database would block the other tab.
      database.close();
    };
    database.onclose = () => {
      this.#closedBecause = `The browser closed the gallery '${name}', perhaps because the data of this site were deleted: open it again.`;
    };
  }

  /** @throws ConfigError after `close`; StoreError if another tab or the browser closed the database */
  requireOpen(): void {
    if (this.#isClosed) throw new ConfigError('The gallery is closed: open it again.');
    if (this.#closedBecause !== null) throw new StoreError(this.#closedBecause);
  }

  /** Runs work that reads one state of the database. It may wait for nothing but requests of the stores. */
  read<T>(work: (from: Stores) => Promise<T>): Promise<T> {
    return this.#track(this.#run('readonly', work));
  }

  /** Runs work that writes, after all work before it. Its changes are on the disk when the promise resolves. */
  write<T>(work: (to: Stores) => Promise<T>): Promise<T> {
    return this.#track(this.#run('readwrite', work));
  }

  /** Closes the database after the calls that have begun. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#pending);
    this.#database.close();
  }

  async #run<T>(mode: 'readonly' | 'readwrite', work: (stores: Stores) => Promise<T>): Promise<T> {
    this.requireOpen();
    try {
      // Browsers that relax durability would lose changes when the power fails.
      const transaction = this.#database.transaction(storeNames, mode, { durability: 'strict' });
      return await resultAfterCommit(transaction, work(storesOf(transaction)));
    } catch (error) {
      throw await describeStoreError(error, this.#database.name);
    }
  }

  #track<T>(call: Promise<T>): Promise<T> {
    this.#pending.add(call);
    const forget = () => this.#pending.delete(call);
    call.then(forget, forget);
    return call;
  }
}
