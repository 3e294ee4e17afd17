import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { fakeImage } from './__fixtures__/fake-recognizer.ts';
import { startFake } from './__fixtures__/start.ts';
import { createKey, findKey } from './limits/api-keys.ts';

it('the commands with curl in the README work', async ({ onTestFinished }) => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const commands = /```sh\n(curl [^`]*)```/.exec(readme)![1]!.trim().split('\n');
  const folder = mkdtempSync(join(tmpdir(), 'openset-curl-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, angle] of [
    ['ada-1', 0],
    ['ada-2', 6],
    ['probe', 4],
  ] as const) {
    writeFileSync(join(folder, `${name}.jpg`), fakeImage(angle));
  }
  const { key, record } = createKey({ name: 'shell', scopes: ['read', 'enroll'] });
  const { server } = await startFake({ keys: { find: async (presented) => findKey([record], presented) } });
  onTestFinished(() => server.close());
  const env = { ...process.env, URL: await server.listen({ port: 0 }), KEY: key };
  const answers = [];
  for (const command of commands) {
    const { stdout } = await promisify(execFile)('bash', ['-euc', command], { cwd: folder, env });
    answers.push(JSON.parse(stdout));
  }
  const [enrolled, identified, verified, embedded, people] = answers;
  expect(enrolled.person).toMatchObject({ name: 'Ada', photoCount: 2 });
  expect(enrolled.photos.map(({ source }: { source: string }) => source)).toEqual(['ada-1.jpg', 'ada-2.jpg']);
  expect(identified.faces[0].person).toEqual({ id: enrolled.person.id, name: 'Ada' });
  expect(verified.same).toBe(true);
  expect(embedded.faces[0].embedding).toHaveLength(4);
  expect(people).toEqual({ people: [enrolled.person], next: null });
});
