import '@tensorflow/tfjs-backend-cpu';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors, type RowRange, ShapeError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { gatheringRanks } from '../__fixtures__/gathering-ranks.ts';
import { watchedFiles } from '../__fixtures__/watched-files.ts';
import { OtherRankError } from '../parallel/agree.ts';
import { CheckpointError } from '../training/errors.ts';
import { initialProgress } from '../training/progress.ts';
import type { Checkpoint, CheckpointInfo, CheckpointStore } from './checkpoint.ts';
import { readCheckpoint } from './checkpoint-folder.ts';
import { DirectoryCheckpoints } from './directory-checkpoints.ts';
import { type DurableFiles, nodeFiles } from './durable-files.ts';
import { readLatestCheckpoint } from './read-latest-checkpoint.ts';
import { encodeRows } from './tensor-rows.ts';

const classes = 7;
const file = 'loss.safetensors';
const weight = (step: number) => Float32Array.from({ length: 2 * classes }, (_, index) => 100 * step + index);

/** Returns consecutive parts of the classes. */
function rowsOf(rank: number, size: number): RowRange {
  const start = Math.floor((classes * rank) / size);
  return { start, count: Math.floor((classes * (rank + 1)) / size) - start, total: classes };
}

const selectRows = (rank: number, size: number) => (name: string, tensor: string) =>
  name === file && tensor === 'weight' ? rowsOf(rank, size) : null;

/** Returns the checkpoint of a rank: a bias that all have, and its rows of the weight. */
function checkpointOf(step: number, rank: number, size: number): Checkpoint {
  const { start, count } = rowsOf(rank, size);
  const data = weight(step).subarray(2 * start, 2 * (start + count));
  const bias = { shape: [1], dtype: 'float32', data: Float32Array.of(step) } as const;
  return {
    info: { format: 1, progress: { ...initialProgress, step } } as CheckpointInfo,
    files: { [file]: encodeSafetensors({ tensors: { bias } }) },
    rows: {
      [file]: encodeSafetensors({
        tensors: { weight: { shape: [count, 2], dtype: 'float32', data } },
        metadata: encodeRows({ weight: rowsOf(rank, size) }),
      }),
    },
  };
}

let directory: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shared-checkpoints-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));
const names = async () => (await readdir(directory)).sort();

/** Runs work on the stores of several ranks. */
function onRanks<T>(
  size: number,
  work: (store: CheckpointStore, rank: number) => Promise<T>,
  {
    disk = () => nodeFiles,
    folder = () => directory,
  }: { disk?: (rank: number) => DurableFiles; folder?: (rank: number) => string } = {},
): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(
    gatheringRanks(size).map(async (ranks) => {
      const { rank } = ranks;
      const store = new DirectoryCheckpoints(folder(rank), { keepLast: 2 }, disk(rank));
      return work(store.ofRanks(ranks, selectRows(rank, size)), rank);
    }),
  );
}

const save = (step: number, size: number, isBest = false) =>
  onRanks(size, (store, rank) => store.save(checkpointOf(step, rank, size), { isBest }));

const valuesOf = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });

const weightsOf = ({ files }: Checkpoint) => decodeSafetensors(files[file]!).tensors.weight!;

async function expectReadable(step: number, size: number): Promise<void> {
  const found = valuesOf(await onRanks(size, (store) => store.latest()));
  for (const [rank, one] of found.entries()) {
    const { checkpoint } = one as { checkpoint: Checkpoint };
    const { start, count } = rowsOf(rank, size);
    expect(checkpoint.info.progress.step).toBe(step);
    expect([...weightsOf(checkpoint).data]).toEqual([
      ...weight(step).subarray(2 * start, 2 * (start + count)),
    ]);
    expect([...decodeSafetensors(checkpoint.files[file]!).tensors.bias!.data]).toEqual([step]);
  }
}

describe('checkpoints that ranks write together', () => {
  it('are read by any number of ranks, and whole', async () => {
    expect(await onRanks(2, (store) => store.latest())).toMatchObject([{ value: null }, { value: null }]);
    const path = join(directory, 'step-00000003');
    expect(valuesOf(await save(3, 3))).toEqual([path, path, path]);
    expect(await readdir(path)).toEqual([
      'SHA256SUMS',
      'checkpoint.json',
      'loss.0-of-3.safetensors',
      'loss.1-of-3.safetensors',
      'loss.2-of-3.safetensors',
      'loss.safetensors',
    ]);
    execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: path });
    for (const size of [1, 2, 3, 5, 7]) await expectReadable(3, size);
    const whole = weightsOf(await readCheckpoint(path));
    expect([whole.shape, [...whole.data]]).toEqual([[classes, 2], [...weight(3)]]);
  });

  it('are read from a whole checkpoint', async () => {
    const tensors = {
      bias: { shape: [1], dtype: 'float32', data: Float32Array.of(4) },
      weight: { shape: [classes, 2], dtype: 'float32', data: weight(4) },
    } as const;
    const { info } = checkpointOf(4, 0, 1);
    await new DirectoryCheckpoints(directory).save(
      { info, files: { [file]: encodeSafetensors({ tensors }) } },
      { isBest: false },
    );
    await expectReadable(4, 3);
  });

  it('are kept and removed as a whole', async () => {
    await save(1, 2, true);
    for (const step of [2, 3, 4]) await save(step, 2);
    expect(await names()).toEqual(['step-00000001-best', 'step-00000003', 'step-00000004']);
  });

  it.each([
    ['a missing part', (path: string) => rm(join(path, 'loss.1-of-2.safetensors'))],
    ['a damaged part', (path: string) => writeFile(join(path, 'loss.1-of-2.safetensors'), 'short')],
    ['no list of files', (path: string) => rm(join(path, 'SHA256SUMS'))],
  ])('are skipped and renamed with %s', async (_, damage) => {
    await save(1, 2);
    await save(2, 2);
    await damage(join(directory, 'step-00000002'));
    expect((await readLatestCheckpoint(directory))?.checkpoint.info.progress.step).toBe(1);
    await expectReadable(1, 2);
    expect(await names()).toEqual([expect.stringMatching(/^damaged-.*-step-00000002$/), 'step-00000001']);
    await rm(join(directory, 'step-00000001', 'checkpoint.json'));
    for (const end of await onRanks(2, (store) => store.latest()))
      expect((end as PromiseRejectedResult).reason).toBeInstanceOf(CheckpointError);
  });

  it('leave the one before, and an error on all ranks, wherever one of them fails', async () => {
    await save(1, 3);
    for (const failing of [0, 1, 2]) {
      for (let count = 1; ; count++) {
        let hasFailed = false;
        const disk = (rank: number) =>
          rank === failing
            ? watchedFiles((operation, index) => {
                if (index !== count || operation === 'remove') return;
                hasFailed = true;
                throw new Error('no space left');
              })
            : nodeFiles;
        const ends = await onRanks(
          3,
          (store, rank) => store.save(checkpointOf(2, rank, 3), { isBest: false }),
          {
            disk,
          },
        );
        const published = (await names()).filter((name) => name.startsWith('step-0000000')).length === 2;
        if (hasFailed && !published) {
          for (const [rank, end] of ends.entries()) {
            const error = (end as PromiseRejectedResult).reason as Error;
            expect(error.message).toContain('no space left');
            if (rank !== failing) expect(error).toBeInstanceOf(OtherRankError);
          }
          expect(await names()).toEqual(['step-00000001']);
        }
        await expectReadable(published ? 2 : 1, 2);
        if (published) await rm(join(directory, 'step-00000002'), { recursive: true });
        if (!hasFailed) break;
      }
    }
  });

  it('are never half there: a save that is killed leaves no checkpoint', async () => {
    await save(1, 2);
    // The files of one rank are missing for ever.
    const hangs = new Promise<void>(() => {});
    const disk = (rank: number) => (rank === 1 ? { ...nodeFiles, write: () => hangs } : nodeFiles);
    void onRanks(2, (store, rank) => store.save(checkpointOf(2, rank, 2), { isBest: false }), { disk });
    const hasWritten = async () => {
      const [unfinished] = (await names()).filter((name) => name.startsWith('.unfinished-'));
      return unfinished && (await readdir(join(directory, unfinished))).includes('loss.0-of-2.safetensors');
    };
    await expect.poll(hasWritten, { timeout: 60_000 }).toBe(true);
    expect((await readLatestCheckpoint(directory))?.checkpoint.info.progress.step).toBe(1);
    // The next run removes the rest.
    valuesOf(await onRanks(2, (store) => store.prepare(1000)));
    expect(await names()).toEqual(['step-00000001']);
  });

  it('need a directory that all ranks share', async () => {
    const own = await mkdtemp(join(tmpdir(), 'not-shared-'));
    const folder = (rank: number) => (rank === 1 ? own : directory);
    const message =
      /Rank 0 and rank 1 do not both see .* choose a directory on a disk that all ranks share\.$/;
    const expectExplained = (ends: readonly PromiseSettledResult<unknown>[]) => {
      for (const end of ends) expect((end as PromiseRejectedResult).reason.message).toMatch(message);
    };
    expectExplained(await onRanks(2, (store) => store.prepare(1000), { folder }));
    expectExplained(
      await onRanks(2, (store, rank) => store.save(checkpointOf(1, rank, 2), { isBest: false }), { folder }),
    );
    expect([await names(), await readdir(own)]).toEqual([[], []]);
    await save(1, 2);
    expectExplained(await onRanks(2, (store) => store.latest(), { folder }));
    expect(await names()).toEqual(['step-00000001']);
    await rm(own, { recursive: true });
  });

  it('refuse states that differ, and tensors with another number of classes', async () => {
    const differing = await onRanks(2, (store, rank) =>
      store.save(
        { ...checkpointOf(1, rank, 2), files: { [file]: checkpointOf(rank, rank, 2).files[file]! } },
        { isBest: false },
      ),
    );
    for (const end of differing)
      expect((end as PromiseRejectedResult).reason.message).toMatch(/loss\.safetensors of rank 1 differs/);
    expect(await names()).toEqual([]);
    await save(1, 2);
    const more = await Promise.allSettled(
      gatheringRanks(2).map((ranks) =>
        new DirectoryCheckpoints(directory)
          .ofRanks(ranks, (_, tensor) => (tensor === 'weight' ? { start: 0, count: 4, total: 8 } : null))
          .latest(),
      ),
    );
    const { reason } = more[0] as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(ShapeError);
    expect(reason.message).toBe(
      "The tensor 'weight' of the checkpoint has 7 rows, but that of this run has 8.",
    );
    expect((await readFile(join(directory, 'step-00000001', 'SHA256SUMS'), 'utf8')).split('\n')).toHaveLength(
      5,
    );
  });
});
