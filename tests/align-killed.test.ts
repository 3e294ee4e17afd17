import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandParameters } from './support/built-packages.ts';
import { runCommand } from './support/run-command.ts';

const sample = join(
  dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')),
  'demo/sample1.jpg',
);
const photoCount = 12;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'openset-killed-'));
  mkdirSync(join(folder, 'photos'));
  for (let index = 10; index < 10 + photoCount; index++) {
    copyFileSync(sample, join(folder, 'photos', `${index}.jpg`));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const parameters = (out: string) => [...commandParameters, 'align', 'photos', '--out', out, '--workers', '2'];
const filesOf = (out: string) => readdirSync(join(folder, out), { recursive: true, encoding: 'utf8' }).sort();

it('ends with the same crops after `kill -9` as without', async () => {
  const whole = await runCommand(process.execPath, parameters('whole'), { folder });
  expect(whole.exitCode, whole.output).toBe(0);
  const child = spawn(process.execPath, parameters('broken'), { cwd: folder, stdio: 'ignore' });
  const journal = join(folder, 'broken', 'align.jsonl');
  const lineCount = () => (existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length - 1 : 0);
  while (lineCount() < 4 && child.exitCode === null) await pause(5);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('close', resolve));
  expect(child.signalCode).toBe('SIGKILL');
  expect(lineCount()).toBeLessThan(1 + photoCount);
  const resumed = await runCommand(process.execPath, parameters('broken'), { folder });
  expect(resumed.exitCode, resumed.output).toBe(0);
  expect(resumed.stdout).toMatch(/^kept +\d+ photos of an earlier command$/m);
  expect(filesOf('broken')).toEqual(filesOf('whole'));
  for (const name of filesOf('whole')) {
    expect(readFileSync(join(folder, 'broken', name)), name).toEqual(
      readFileSync(join(folder, 'whole', name)),
    );
  }
});
