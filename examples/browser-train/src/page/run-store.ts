import type { Measurement } from '../messages.ts';

/** A trained network with what the charts show. */
export interface RunRecord {
  readonly version: typeof recordVersion;
  /** Name, such as `unitsface, 98.2 %`. */
  readonly name: string;
  readonly savedAt: Date;
  /** The model as a file of `openset`. */
  readonly model: Uint8Array<ArrayBuffer>;
  readonly history: RunHistory;
}

/** What the charts show of a run. */
export interface RunHistory {
  readonly loss: string;
  readonly classNames: readonly string[];
  readonly unseenNames: readonly string[];
  readonly losses: readonly (readonly [step: number, loss: number])[];
  readonly measurements: readonly Measurement[];
  readonly totalSteps: number;
  readonly seconds: number;
}

/** A saved run in a list. */
export interface SavedRun {
  readonly id: number;
  readonly name: string;
  readonly savedAt: Date;
}

/** Version of a record. A page reads only its own. */
export const recordVersion = 1;
const databaseName = 'openset-browser-train';
const storeName = 'runs';

/** The runs that this browser keeps, in IndexedDB. Errors say what to do. */
export class RunStore {
  /** Returns all runs, the newest first. */
  async list(): Promise<SavedRun[]> {
    const runs: SavedRun[] = [];
    await this.access('readonly', (store) => {
      const request = store.openCursor(null, 'prev');
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return;
        const { name, savedAt } = cursor.value as Partial<RunRecord>;
        runs.push({
          id: cursor.key as number,
          name: String(name ?? 'unnamed'),
          savedAt: savedAt ?? new Date(0),
        });
        cursor.continue();
      };
    });
    return runs;
  }

  /** @throws Error if the browser does not save it */
  async save(run: Omit<RunRecord, 'version'>): Promise<void> {
    await this.access('readwrite', (store) => {
      store.add({ ...run, version: recordVersion } satisfies RunRecord);
    });
  }

  /** @throws Error if the run is gone, or if another version of this page saved it */
  async load(id: number): Promise<RunRecord> {
    let record: RunRecord | undefined;
    await this.access('readonly', (store) => {
      const request = store.get(id);
      request.onsuccess = () => {
        record = request.result as RunRecord | undefined;
      };
    });
    if (!record) throw new Error('This run is no longer in this browser. Reload the page to see which are.');
    if (record.version !== recordVersion) {
      throw new Error(
        `Another version of this page saved this run (version ${String(record.version)}, not ${recordVersion}). Delete it, and train again.`,
      );
    }
    return record;
  }

  async delete(id: number): Promise<void> {
    await this.access('readwrite', (store) => {
      store.delete(id);
    });
  }

  /** Runs a transaction, and waits until the browser has stored it. */
  private async access(mode: IDBTransactionMode, use: (store: IDBObjectStore) => void): Promise<void> {
    const database = await openDatabase();
    try {
      await new Promise<void>((resolve, reject) => {
        const transaction = database.transaction(storeName, mode);
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(storeError(transaction.error));
        try {
          use(transaction.objectStore(storeName));
        } catch (error) {
          reject(storeError(error));
        }
      });
    } finally {
      database.close();
    }
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    let request: IDBOpenDBRequest;
    try {
      request = indexedDB.open(databaseName, 1);
    } catch (error) {
      reject(storeError(error));
      return;
    }
    request.onupgradeneeded = () => request.result.createObjectStore(storeName, { autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(storeError(request.error));
    request.onblocked = () => reject(new Error('Another tab holds the saved runs. Close it, and try again.'));
  });
}

/** Says what to do about an error of IndexedDB. */
function storeError(error: unknown): Error {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  const text =
    name === 'QuotaExceededError'
      ? 'This browser has no room for the run. Delete saved runs, free some disk space, or export the run.'
      : name === 'VersionError'
        ? 'A newer version of this page has saved runs here. Reload the page to get it, or export the run.'
        : `This browser does not let the page save runs (${name || String(error)}): private windows and blocked cookies prevent it. ` +
          'Export the run to keep it.';
  return new Error(text, { cause: error });
}
