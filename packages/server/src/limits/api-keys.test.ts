import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, DataError } from '@openset/core';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { addKey, createKey, findKey, openKeys, readKeys, removeKey } from './api-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'openset-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('createKey', () => {
  it('makes random keys of 256 bits, and keeps only their hash', () => {
    const { key, record } = createKey({ name: 'door', scopes: ['read'] });
    expect(key).toMatch(/^openset_[A-Za-z0-9_-]{43}$/);
    expect(createKey({ name: 'door', scopes: ['read'] }).key).not.toBe(key);
    expect(JSON.stringify(record)).not.toContain(key.slice('openset_'.length));
    expect(findKey([record], key)).toBe(record);
    expect(findKey([record], `${key}x`)).toBeNull();
    expect(findKey([], key)).toBeNull();
  });

  it.each([
    [{ name: ' ', scopes: ['read'] }],
    [{ name: 'door', scopes: [] }],
    [{ name: 'door', scopes: ['root'] }],
  ])('refuses %o', (options) => {
    expect(() => createKey(options as never)).toThrow(ConfigError);
  });
});

describe('the file', () => {
  it('is private, holds no key, and appears completely', async () => {
    const path = join(folder, 'new.json');
    expect(await readKeys(path)).toEqual([]);
    const { key, record } = createKey({ name: 'door', scopes: ['read', 'enroll'] });
    await addKey(path, record);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).not.toContain(key);
    expect(await readKeys(path)).toEqual([record]);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await expect(addKey(path, createKey({ name: 'door', scopes: ['read'] }).record)).rejects.toThrow(
      ConfigError,
    );
    expect(await removeKey(path, 'door')).toBe(true);
    expect(await removeKey(path, 'door')).toBe(false);
    expect(await readKeys(path)).toEqual([]);
  });

  it.each(['', '{}', '[]', '{"keys": [{"name": "door"}]}', '{"keys": [null]}'])(
    'that holds %j is damaged',
    async (text) => {
      const path = join(folder, 'damaged.json');
      writeFileSync(path, text);
      await expect(readKeys(path)).rejects.toThrow(DataError);
    },
  );
});

describe('openKeys', () => {
  it('sees keys that are added and removed later, and keeps the last ones while the file is damaged', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const path = join(folder, 'changing.json');
      const problems: unknown[] = [];
      const keys = await openKeys(path, (problem) => problems.push(problem));
      const { key, record } = createKey({ name: 'door', scopes: ['read'] });
      await addKey(path, record);
      expect(await keys.find(key)).toBeNull();
      vi.advanceTimersByTime(1000);
      expect((await keys.find(key))?.name).toBe('door');

      writeFileSync(path, 'damaged');
      vi.advanceTimersByTime(1000);
      expect((await keys.find(key))?.name).toBe('door');
      expect(problems).toEqual([expect.any(DataError)]);

      rmSync(path);
      vi.advanceTimersByTime(1000);
      expect(await keys.find(key)).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });
});
