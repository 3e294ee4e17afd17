import { DataError } from '@openset/core';
import { StoreError } from '@openset/gallery';
import Database from 'better-sqlite3';

/** Whether SQLite gave up because another program holds a lock. */
export function isLocked(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(error.code);
}

/**
 * Returns an error of SQLite as one that says what to do. Other errors, and those that only a bug causes, are returned unchanged.
 * @param path of the file, for the message
 */
export function describeStoreError(error: unknown, path: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const options = { cause: error };
  if (isLocked(error)) {
    return new StoreError(
      `The gallery ${path} is locked: another program writes to it for a long time. Nothing was changed: try again later.`,
      options,
    );
  }
  // The first two parts of a code such as SQLITE_IOERR_WRITE.
  switch (/^SQLITE_[A-Z]+/.exec(error.code)?.[0]) {
    case 'SQLITE_FULL':
      return new StoreError(
        `The disk of the gallery ${path} is full. Nothing was changed: free some space, and try again.`,
        options,
      );
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_PERM':
      return new StoreError(
        `The gallery ${path} cannot be opened or written (${error.message}): check the permissions of the file and of its folder, in ` +
          'which SQLite writes two more files.',
        options,
      );
    case 'SQLITE_IOERR':
      return new StoreError(
        `The gallery ${path} cannot be read or written (${error.message}): check the disk.`,
        options,
      );
    case 'SQLITE_NOTADB':
      return new DataError(`The file ${path} is no gallery: it is no SQLite database.`, options);
    case 'SQLITE_CORRUPT':
      return new DataError(
        `The gallery ${path} is damaged (${error.message}): restore it from a backup.`,
        options,
      );
    default:
      return error;
  }
}
