import { DataError } from '@openset/core';
import { StoreError } from '@openset/gallery';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { describeStoreError } from './store-errors.ts';

it.each([
  ['SQLITE_BUSY', StoreError, /is locked/],
  ['SQLITE_BUSY_SNAPSHOT', StoreError, /is locked/],
  ['SQLITE_FULL', StoreError, /disk of the gallery people.db is full/],
  ['SQLITE_READONLY_DBMOVED', StoreError, /\(the reason\): check the permissions/],
  ['SQLITE_CANTOPEN', StoreError, /\(the reason\): check the permissions/],
  ['SQLITE_IOERR_WRITE', StoreError, /\(the reason\): check the disk/],
  ['SQLITE_NOTADB', DataError, /no SQLite database/],
  ['SQLITE_CORRUPT_INDEX', DataError, /is damaged \(the reason\): restore it from a backup/],
])('%s becomes an error that says what to do', (code, type, message) => {
  const cause = new Database.SqliteError('the reason', code);
  const described = describeStoreError(cause, 'people.db') as Error;
  expect(described).toBeInstanceOf(type);
  expect(described.message).toMatch(message);
  expect(described.cause).toBe(cause);
});

it('other errors stay as they are', () => {
  const bug = new Database.SqliteError('no such column', 'SQLITE_ERROR');
  expect(describeStoreError(bug, 'people.db')).toBe(bug);
  const conflict = new DataError('taken');
  expect(describeStoreError(conflict, 'people.db')).toBe(conflict);
});
