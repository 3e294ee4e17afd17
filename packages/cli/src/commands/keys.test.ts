import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@openset/core';
import { openKeys } from '@openset/server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApiKey, listApiKeys, removeApiKey } from './keys.ts';

let folder: string;
let keys: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-keys-'));
  keys = join(folder, 'keys.json');
});
afterAll(() => rm(folder, { recursive: true }));

it('creates keys that open the service, lists them without their secrets, and removes them', async () => {
  expect((await listApiKeys({ keys })).data).toEqual({ keys: [] });
  const { data, text } = await createApiKey({ keys, name: 'door', scopes: ['read'] });
  expect(data).toMatchObject({ name: 'door', scopes: ['read'], key: expect.stringMatching(/^openset_/) });
  expect(text.split('\n')[0]).toBe(data.key);
  const opened = await openKeys(keys);
  expect(await opened.find(data.key)).toMatchObject({ name: 'door' });
  expect(await readFile(keys, 'utf8')).not.toContain(data.key);
  expect((await stat(keys)).mode & 0o077).toBe(0);

  const listed = await listApiKeys({ keys });
  expect(listed.data).toEqual({ keys: [{ name: 'door', scopes: ['read'], created: data.created }] });
  expect(listed.text).toBe(`door  read; created ${data.created}`);

  await expect(createApiKey({ keys, name: 'door', scopes: ['read'] })).rejects.toThrow(ConfigError);
  expect(await removeApiKey({ keys, name: 'door' })).toMatchObject({ data: { removed: true }, exitCode: 0 });
  expect(await removeApiKey({ keys, name: 'door' })).toMatchObject({ data: { removed: false }, exitCode: 1 });
  expect((await listApiKeys({ keys })).text).toBe(`0 keys in ${keys}`);
});
