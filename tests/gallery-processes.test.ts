import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { meanTemplate, type StoredEmbedding } from '@openset/gallery';
import { openSqliteGallery, type SqliteGallery } from '@openset/gallery-sqlite';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { packageOptions } from './support/built-packages.ts';

/** Embeddings that each call of a writer enrolls. */
const embeddingsInCall = 4;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openset-gallery-'));
  path = join(folder, 'people.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A process that enrolls people. */
interface Writer {
  readonly child: ChildProcessByStdio<null, Readable, null>;
  /** Calls whose promises have resolved. */
  readonly acknowledged: string[];
  readonly ended: Promise<unknown>;
}

function startWriter(name: string, count: number): Writer {
  const program = join(import.meta.dirname, 'support', 'enroll-people.mjs');
  const child = spawn(process.execPath, [...packageOptions, program, path, name, `${count}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    acknowledged.push(...lines);
  });
  return { child, acknowledged, ended: new Promise((resolve) => child.on('close', resolve)) };
}

/** Everything of a gallery: the embeddings of each person. */
async function embeddingsByName(gallery: SqliteGallery): Promise<Map<string, readonly StoredEmbedding[]>> {
  const found = new Map<string, readonly StoredEmbedding[]>();
  let after: string | undefined;
  do {
    const page = await gallery.people({ after, limit: 1000 });
    for (const { id, name } of page.people) found.set(name, (await gallery.embeddings(id))!);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return found;
}

/** Returns the number of embeddings of each call. */
function embeddingsOfCalls(people: ReadonlyMap<string, readonly StoredEmbedding[]>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { source } of [...people.values()].flat()) {
    const call = source!.split(' ')[0]!;
    counts.set(call, (counts.get(call) ?? 0) + 1);
  }
  return counts;
}

/** Checks that a gallery has all of the calls and that no call is there in part. */
async function expectWhole(acknowledged: readonly string[]): Promise<void> {
  const gallery = await openSqliteGallery(path);
  const people = await embeddingsByName(gallery);
  const counts = embeddingsOfCalls(people);
  expect(acknowledged.filter((call) => !counts.has(call))).toEqual([]);
  expect([...counts].filter(([, count]) => count !== embeddingsInCall)).toEqual([]);
  for (const [name, embeddings] of people) {
    const template = meanTemplate(
      name,
      embeddings.map(({ values }) => values),
    );
    const [nearest] = await gallery.search(template, { limit: 1 });
    expect(nearest).toMatchObject({ identity: name, cosine: expect.closeTo(1, 12) });
  }
  await gallery.close();
  const database = new Database(path, { readonly: true });
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(database.pragma('foreign_key_check')).toEqual([]);
  database.close();
}

describe('a gallery in an SQLite file that several processes use', () => {
  const rounds = inject('long') ? 20 : 2;

  it(`has everything that was acknowledged, and nothing half, after kill -9 (${rounds} times)`, async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const writers = ['a', 'b', 'c'].map((name) => startWriter(`${round}${name}`, 1e6));
      const calls = () => writers.flatMap((writer) => writer.acknowledged);
      // All of them write, and 20 enrollments are done or under way.
      while (!writers.every((writer) => writer.acknowledged.length > 1) || calls().length < 20) {
        expect(writers.map(({ child }) => child.exitCode)).toEqual([null, null, null]);
        await pause(1);
      }
      await pause(10 * Math.random());
      for (const { child } of writers) child.kill('SIGKILL');
      await Promise.all(writers.map(({ ended }) => ended));
      expect(writers.map(({ child }) => child.signalCode)).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL']);
      acknowledged.push(...calls());
      await expectWhole(acknowledged);
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(20 * rounds);
  }, 600_000);

  it('shows each the changes of the others while all write', async () => {
    const writers = ['a', 'b'].map((name) => startWriter(name, 20));
    while (!existsSync(path)) await pause(5);
    await Promise.all(writers.map(({ acknowledged }) => waitFor(() => acknowledged.length > 1)));
    const gallery = await openSqliteGallery(path, { lockTimeout: 30_000 });
    // One of this process between those of the others.
    const axis = new Float32Array(64).fill(0).with(0, 1);
    await gallery.enroll(
      'Ada',
      Array.from({ length: embeddingsInCall }, (_, part) => ({ values: axis, source: `ada ${part}` })),
    );
    const seen = new Set<string>();
    do {
      const known = writers.flatMap(({ acknowledged }) => acknowledged).filter((call) => !seen.has(call));
      const people = await embeddingsByName(gallery);
      const counts = embeddingsOfCalls(people);
      for (const call of known) expect(counts.get(call), call).toBe(embeddingsInCall);
      const found = await gallery.search(axis, { limit: 1000 });
      expect(found[0]).toMatchObject({ identity: 'Ada', cosine: 1 });
      expect(found.length).toBeGreaterThanOrEqual(people.size);
      for (const call of known) seen.add(call);
      await pause(5);
    } while (writers.some(({ child }) => child.exitCode === null));
    await Promise.all(writers.map(({ ended }) => ended));
    await gallery.close();
    const all = writers.flatMap(({ acknowledged }) => acknowledged);
    expect(all).toHaveLength(40);
    await expectWhole([...all, 'ada']);
  });
});

async function waitFor(isDone: () => boolean): Promise<void> {
  while (!isDone()) await pause(2);
}
