import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, DataError } from '@openset/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleProgram } from '../../../../tests/support/bundle-program.ts';
import { identitySet } from './__fixtures__/files.ts';
import { openRecordIO } from './node-openers.ts';
import { RecordIOWriter } from './record-io-writer.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function classesOf(path: string): Promise<readonly string[]> {
  const source = await openRecordIO(path);
  await source.close();
  return source.classNames;
}

const magicBytes = [0x0a, 0x23, 0xd7, 0xce];
const image = fc
  .array(fc.oneof(fc.constant(magicBytes), fc.uint8Array({ maxLength: 5 })), { maxLength: 8 })
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));
const whole = fc.integer({ min: 0, max: 2 ** 24 });
const number = fc.float({ noNaN: true, noDefaultInfinity: true });
const label = fc.oneof(
  whole,
  fc.tuple(whole, fc.array(number, { maxLength: 4 })).map(([first, rest]) => [first, ...rest]),
);
const records = fc.array(fc.record({ image, label }), { maxLength: 12 });

describe('RecordIOWriter', () => {
  it('writes what the reader reads: images with magic numbers, empty images, label arrays', async () => {
    const path = join(folder, 'property.rec');
    await fc.assert(
      fc.asyncProperty(records, fc.boolean(), async (written, withIndex) => {
        const writer = await RecordIOWriter.create(path);
        // Concurrent calls keep their order.
        await Promise.all(written.map((record) => writer.add(record.image, record.label)));
        await writer.close();
        if (!withIndex) await rm(join(folder, 'property.idx'));
        const source = await openRecordIO(path, { layout: 'plain' });
        expect(source.size).toBe(written.length);
        for (const [index, record] of written.entries()) {
          const read = await source.get(index);
          const labels = typeof record.label === 'number' ? [record.label] : record.label;
          expect(read.bytes).toEqual(record.image);
          expect(read.labels).toEqual(Float32Array.from(labels));
          expect(source.classNames[read.label]).toBe(String(labels[0]));
        }
        await source.close();
      }),
      { numRuns: 50 },
    );
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('writes the layout of InsightFace', async () => {
    const path = join(folder, 'faces.rec');
    const writer = await RecordIOWriter.create(path, { layout: 'insightface' });
    for (const [value, own] of [
      [1, 5],
      [2, [5, 0]],
      [3, 5],
      [4, 9],
    ] as const) {
      await writer.add(Uint8Array.of(0xff, 0xd8, value), own);
    }
    expect(writer.size).toBe(4);
    await writer.close();
    const expected = identitySet();
    expect(new Uint8Array(await readFile(path))).toEqual(expected.records);
    expect(await readFile(join(folder, 'faces.idx'), 'utf8')).toBe(expected.index);
  });

  it('rejects values that the format cannot represent', async () => {
    await expect(RecordIOWriter.create(join(folder, 'a.bin'))).rejects.toThrow(ConfigError);
    const writer = await RecordIOWriter.create(join(folder, 'a.rec'), { layout: 'insightface' });
    const bytes = Uint8Array.of(1);
    for (const wrong of [2 ** 24 + 1, Number.NaN, 1e39, [], [1, Number.POSITIVE_INFINITY]]) {
      await expect(writer.add(bytes, wrong), String(wrong)).rejects.toThrow(DataError);
    }
    await writer.add(bytes, 1);
    await writer.add(bytes, 2);
    await expect(writer.add(bytes, 1)).rejects.toThrow(
      'class 1 already has images before those of another class',
    );
    await writer.abort();
    await expect(writer.add(bytes, 1)).rejects.toThrow(ConfigError);
    await expect(writer.close()).rejects.toThrow(ConfigError);
  });

  it('keeps the old set until close, and after abort', async () => {
    const path = join(folder, 'old.rec');
    const first = await RecordIOWriter.create(path);
    await first.add(Uint8Array.of(1), 1);
    await first.close();
    const second = await RecordIOWriter.create(path);
    await second.add(new Uint8Array(3_000_000), 2);
    expect(await classesOf(path)).toEqual(['1']);
    await second.abort();
    expect(await classesOf(path)).toEqual(['1']);
    expect((await readdir(folder)).filter((name) => name.startsWith('old'))).toEqual(['old.idx', 'old.rec']);
  });

  it('leaves either the old or the new set if its process is killed', async () => {
    const own = await mkdtemp(join(folder, 'killed-'));
    const path = join(own, 'set.rec');
    const program = await bundleProgram(join(import.meta.dirname, '__fixtures__', 'write-sets.ts'));
    const versions: string[] = [];
    for (const milliseconds of [1, 17, 44]) {
      const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      // The child prints a line after its first set and continues with further sets.
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      const source = await openRecordIO(path);
      // Every set has 100 records of one class, which is its version.
      expect(source.size).toBe(100);
      expect(source.classNames).toHaveLength(1);
      for (let index = 0; index < source.size; index++) {
        expect(new Set((await source.get(index)).bytes)).toEqual(
          new Set([Number(source.classNames[0]) % 256]),
        );
      }
      versions.push(source.classNames[0] as string);
      await source.close();
    }
    expect(versions).toHaveLength(3);
  });
});
