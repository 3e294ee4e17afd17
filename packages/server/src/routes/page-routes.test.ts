import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startFake } from '../__fixtures__/start.ts';

it('serves the files of the page and no others, without a key, and not to frames of other sites', async ({
  onTestFinished,
}) => {
  const parent = mkdtempSync(join(tmpdir(), 'openset-page-'));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  const page = join(parent, 'page');
  mkdirSync(page);
  writeFileSync(join(page, 'index.html'), '<title>faces</title>');
  writeFileSync(join(page, 'main.js'), 'export {};');
  writeFileSync(join(parent, 'secret.txt'), 'secret');
  const { app } = await startFake({ page, keys: { find: async () => null } });

  const index = await app.inject('/');
  expect([index.statusCode, index.body]).toEqual([200, '<title>faces</title>']);
  expect(index.headers['content-type']).toMatch(/^text\/html/);
  expect(index.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect((await app.inject('/main.js')).headers['content-type']).toMatch(/javascript/);

  for (const url of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%5csecret.txt',
    '/missing.js',
    '/%00',
  ]) {
    const { statusCode, body } = await app.inject(url);
    expect(statusCode, url).toBeGreaterThanOrEqual(400);
    expect(statusCode, url).toBeLessThan(500);
    expect(JSON.parse(body).error.code, url).toBeTypeOf('string');
    expect(body).not.toContain(parent);
  }
  // The page is no way around the keys.
  expect((await app.inject('/v1/model')).statusCode).toBe(401);
});
