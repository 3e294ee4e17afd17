import '@tensorflow/tfjs-backend-cpu';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, DataError, decodeState } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tinyParts, tinyRun } from '../__fixtures__/tiny-run.ts';
import { type FileOperation, watchedFiles } from '../__fixtures__/watched-files.ts';
import { CheckpointError } from '../training/errors.ts';
import { initialProgress } from '../training/progress.ts';
import type { Checkpoint, CheckpointInfo } from './checkpoint.ts';
import { readCheckpoint } from './checkpoint-folder.ts';
import { DirectoryCheckpoints } from './directory-checkpoints.ts';
import { nodeFiles } from './durable-files.ts';
import { findCheckpoint, readBestCheckpoint, readLatestCheckpoint } from './read-latest-checkpoint.ts';

const normal = { isBest: false };
const best = { isBest: true };

function checkpointOf(step: number, bytes = Uint8Array.of(step, 2, 3)): Checkpoint {
  const info = { format: 1, progress: { ...initialProgress, step } } as CheckpointInfo;
  return { info, files: { 'backbone.safetensors': bytes, 'loss.safetensors': new Uint8Array(0) } };
}

let directory: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'checkpoints-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});
const names = async () => (await readdir(directory)).sort();

describe('DirectoryCheckpoints', () => {
  it('keeps the newest checkpoints and the best one', async () => {
    const store = new DirectoryCheckpoints(directory, { keepLast: 2 });
    expect(await store.latest()).toBeNull();
    await store.save(checkpointOf(1), best);
    await store.save(checkpointOf(2), normal);
    await store.save(checkpointOf(3), best);
    expect(await names()).toEqual(['step-00000002', 'step-00000003-best']);
    await store.save(checkpointOf(4), normal);
    await store.save(checkpointOf(123456789), normal);
    expect(await names()).toEqual(['step-00000003-best', 'step-00000004', 'step-123456789']);
    expect((await readLatestCheckpoint(directory))?.name).toBe(join(directory, 'step-123456789'));
    expect((await readBestCheckpoint(directory))?.checkpoint).toEqual(checkpointOf(3));
  });

  it('never overwrites a checkpoint: a second one of the same step has another name', async () => {
    const store = new DirectoryCheckpoints(directory, { keepLast: Number.POSITIVE_INFINITY });
    for (let count = 0; count < 11; count++) await store.save(checkpointOf(7), count === 3 ? best : normal);
    expect(await names()).toHaveLength(11);
    expect((await store.latest())?.name).toBe(join(directory, 'step-00000007.11'));
    expect((await readBestCheckpoint(directory))?.name).toBe(join(directory, 'step-00000007.4-best'));
  });

  it('writes files that other tools can check and read', async () => {
    const parts = tinyParts();
    const kernel = [...parts.backbone.kernel.dataSync()];
    const store = new DirectoryCheckpoints(directory);
    const batches = { schedule: () => 0, steps: 1 };
    const { events } = await tinyRun({ ...batches, checkpoints: { store } }, { parts });
    const name = join(directory, 'step-00000001');
    expect(events.at(-2)).toEqual({ kind: 'checkpoint', step: 1, epoch: 0, name, isBest: false });
    expect(await readdir(name)).toEqual([
      'SHA256SUMS',
      'backbone.safetensors',
      'checkpoint.json',
      'loss.safetensors',
      'optimizer.safetensors',
    ]);
    execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: name });
    const { info, files } = await readCheckpoint(name);
    expect(info).toMatchObject({ format: 1, backbone: { backbone: 'TinyBackbone' }, progress: { step: 1 } });
    const backbone = decodeState(files['backbone.safetensors']!);
    expect([...backbone.kernel!.dataSync()]).toEqual(kernel);
    const optimizer = decodeState(files['optimizer.safetensors']!);
    expect(Object.keys(optimizer)).toEqual(
      ['backbone.0', 'backbone.1', 'loss.0', 'loss.1'].flatMap((one) => [`${one}.step`, `${one}.velocity`]),
    );
    tf.dispose([backbone, optimizer]);
  });

  it.each([
    [
      'a changed byte',
      async (path: string) => writeFile(join(path, 'backbone.safetensors'), Uint8Array.of(9, 2, 3)),
    ],
    ['a truncated file', async (path: string) => writeFile(join(path, 'checkpoint.json'), '{')],
    ['a missing file', async (path: string) => rm(join(path, 'loss.safetensors'))],
    ['no checksums', async (path: string) => rm(join(path, 'SHA256SUMS'))],
    ['damaged checksums', async (path: string) => writeFile(join(path, 'SHA256SUMS'), 'what?\n')],
    ['empty checksums', async (path: string) => writeFile(join(path, 'SHA256SUMS'), '')],
  ])('skips a checkpoint with %s, reports it, and renames it', async (_, damage) => {
    const store = new DirectoryCheckpoints(directory);
    await store.save(checkpointOf(1), normal);
    const path = await store.save(checkpointOf(2), normal);
    await damage(path);
    await expect(readCheckpoint(path)).rejects.toThrow(DataError);
    const found = await readLatestCheckpoint(directory);
    expect(found?.checkpoint).toEqual(checkpointOf(1));
    expect(found?.skipped).toMatchObject([{ name: path, reason: expect.stringContaining(path) }]);
    const again = await store.latest();
    expect(again?.skipped[0]?.name).toMatch(/damaged-.*-step-00000002$/);
    expect((await names())[0]).toMatch(/^damaged-/);
    // Its name is free again.
    expect(await store.save(checkpointOf(2), normal)).toBe(path);
    expect((await store.latest())?.skipped).toEqual([]);
  });

  it('does not treat an unreadable checkpoint as damaged', async () => {
    const path = await new DirectoryCheckpoints(directory).save(checkpointOf(1), normal);
    const read = async () => {
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    };
    const store = new DirectoryCheckpoints(directory, {}, { ...nodeFiles, read });
    await expect(store.latest()).rejects.toThrow(CheckpointError);
    await expect(store.latest()).rejects.toThrow(`${path}/SHA256SUMS cannot be read: EACCES`);
    expect(await names()).toEqual(['step-00000001']);
  });

  it('finds the checkpoint that replaced the one it was reading', async () => {
    const store = new DirectoryCheckpoints(directory, { keepLast: 1 });
    await store.save(checkpointOf(1), normal);
    let isFirst = true;
    const read = async (path: string) => {
      if (isFirst) await store.save(checkpointOf(2), normal);
      isFirst = false;
      return nodeFiles.read(path);
    };
    const found = await findCheckpoint(directory, { ...nodeFiles, read });
    expect(found?.checkpoint).toEqual(checkpointOf(2));
    expect(found?.skipped).toEqual([]);
  });

  it('reads files in several pieces', async () => {
    const bytes = Uint8Array.from({ length: 9_000_001 }, (_, index) => index % 251);
    const path = await new DirectoryCheckpoints(directory).save(checkpointOf(1, bytes), normal);
    const { files } = await readCheckpoint(path);
    expect(Buffer.compare(files['backbone.safetensors']!, bytes)).toBe(0);
  });

  it('does not start over if all checkpoints are damaged', async () => {
    const store = new DirectoryCheckpoints(directory);
    await rm(join(await store.save(checkpointOf(1), normal), 'SHA256SUMS'));
    await expect(store.latest()).rejects.toThrow(CheckpointError);
    await expect(tinyRun({ checkpoints: { store } })).rejects.toThrow(/All checkpoints .* are damaged/);
    expect(await names()).toEqual(['step-00000001']);
  });

  it('has the old checkpoint or the new one, wherever the save fails', async () => {
    for (let failing = 1; ; failing++) {
      await rm(directory, { recursive: true });
      const before = new DirectoryCheckpoints(directory, { keepLast: 1 });
      await before.save(checkpointOf(1), normal);
      let failed: FileOperation | undefined;
      const disk = watchedFiles((operation, count) => {
        if (count < failing) return;
        failed ??= operation;
        throw new Error('EIO: i/o error');
      });
      const store = new DirectoryCheckpoints(directory, { keepLast: 1 }, disk);
      const error = await store.save(checkpointOf(2), normal).catch((thrown: Error) => thrown.message);
      const found = await readLatestCheckpoint(directory);
      expect(found?.skipped).toEqual([]);
      const isNew = found?.checkpoint.info.progress.step === 2;
      expect(found?.checkpoint).toEqual(checkpointOf(isNew ? 2 : 1));
      if (!failed) {
        expect(error).toBe(join(directory, 'step-00000002'));
        // Folder, four files, sync, rename, sync; rename and removal of the old one: the 11th operation does not exist.
        expect(failing).toBe(11);
        break;
      }
      // The next run removes the leftovers.
      await new DirectoryCheckpoints(directory, { keepLast: 1 }).prepare(10);
      expect((await names()).filter((name) => !name.startsWith('step-'))).toEqual([]);
    }
  });
});

describe('DirectoryCheckpoints before a run', () => {
  it('creates the directory and removes unfinished folders', async () => {
    const inner = join(directory, 'a', 'b');
    const store = new DirectoryCheckpoints(inner);
    await store.prepare(1000);
    expect(await readdir(inner)).toEqual([]);
    await nodeFiles.makeFolder(join(inner, '.unfinished-1'));
    await writeFile(join(inner, '.unfinished-1', 'backbone.safetensors'), 'half');
    await writeFile(join(inner, 'notes.txt'), 'mine');
    await store.prepare(10_000_000);
    expect(await readdir(inner)).toEqual(['notes.txt']);
  });

  it('reports an unwritable directory before the first step', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    const store = new DirectoryCheckpoints(join(file, 'runs'));
    const run = tinyRun({ checkpoints: { store } });
    await expect(run).rejects.toThrow(CheckpointError);
    await expect(run).rejects.toThrow(/ENOTDIR/);
  });

  it('reports a full disk before the first step', async () => {
    const disk = { ...nodeFiles, freeBytes: async () => 5e6 };
    const store = new DirectoryCheckpoints(directory, { keepLast: 3 }, disk);
    await expect(store.prepare(1e6)).resolves.toBeUndefined();
    // Three to keep, the best one, and the one being written.
    await expect(store.prepare(1.1e6)).rejects.toThrow(
      /5.0 MB free, but 5.5 MB are needed for checkpoints of 1.1 MB/,
    );
    await store.save(checkpointOf(1), normal);
    await expect(store.prepare(1.1e6)).resolves.toBeUndefined();
  });

  it('reports a disk with less space than it claims, or that claims nothing', async () => {
    const full = { ...nodeFiles, freeBytes: async () => null };
    const disk = {
      ...full,
      writeZeros: async (path: string) => {
        await nodeFiles.writeZeros(path, 10);
        throw new Error('ENOSPC: no space left on device, write');
      },
    };
    const store = new DirectoryCheckpoints(directory, {}, disk);
    const run = tinyRun({ checkpoints: { store } });
    await expect(run).rejects.toThrow(CheckpointError);
    await expect(run).rejects.toThrow(/cannot be written to: ENOSPC/);
    expect(await names()).toEqual([]);
  });

  it('reports a disk that cannot rename folders before the first step', async () => {
    const rename = () => Promise.reject(new Error('EPERM: operation not permitted, rename'));
    const store = new DirectoryCheckpoints(directory, {}, { ...nodeFiles, rename });
    await expect(store.prepare(10)).rejects.toThrow(/cannot be written to: EPERM/);
    expect(await names()).toEqual([]);
  });

  it('writes zeros of the requested length', async () => {
    await nodeFiles.writeZeros(join(directory, 'zeros'), 9_000_001);
    const bytes = await readFile(join(directory, 'zeros'));
    expect(bytes.length).toBe(9_000_001);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(await nodeFiles.freeBytes(directory)).toBeGreaterThan(0);
  });

  it('ends a run whose checkpoint cannot be saved, and names the last good one', async () => {
    let saves = 0;
    const disk = watchedFiles((operation) => {
      // The first two create the directory and the trial folder in it.
      if (operation === 'makeFolder' && ++saves === 5) throw new Error('ENOSPC: no space left on device');
    });
    const store = new DirectoryCheckpoints(directory, {}, disk);
    const error = await tinyRun({ checkpoints: { store, everySteps: 2 } }).catch(
      (thrown: CheckpointError) => thrown,
    );
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error).toMatchObject({ lastCheckpoint: join(directory, 'step-00000004') });
    expect(await names()).toEqual(['step-00000002', 'step-00000004']);
  });

  it('checks its options', () => {
    expect(() => new DirectoryCheckpoints(directory, { keepLast: 0 })).toThrow(ConfigError);
  });
});
