import { DataError } from '@openset/core';
import { StoreError } from '@openset/gallery';
import { expect, it } from 'vitest';
import { describeStoreError } from './store-errors.ts';

it.each([
  ['QuotaExceededError', /storage that the browser grants this page is full.*'staff' was not changed/],
  ['SecurityError', /does not let this page store data \(the reason\)/],
  ['UnknownError', /cannot read or write the gallery 'staff' \(the reason\).*private mode/],
  ['InvalidStateError', /cannot read or write the gallery 'staff' \(the reason\)/],
  ['AbortError', /cannot read or write the gallery 'staff' \(the reason\)/],
])('%s becomes a StoreError that says what to do', async (name, message) => {
  const cause = new DOMException('the reason', name);
  const described = (await describeStoreError(cause, 'staff')) as Error;
  expect(described).toBeInstanceOf(StoreError);
  expect(described.message).toMatch(message);
  expect(described.cause).toBe(cause);
});

it('other errors stay as they are', async () => {
  const bug = new DOMException('no such key', 'ConstraintError');
  expect(await describeStoreError(bug, 'staff')).toBe(bug);
  const conflict = new DataError('taken');
  expect(await describeStoreError(conflict, 'staff')).toBe(conflict);
});
