import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { WorkerError } from '@openset/data/node';
import { expect, it } from 'vitest';
import { settings } from './__fixtures__/align-settings.ts';
import type { PhotoTask } from './align-photo.ts';
import { workerAligner } from './worker-aligner.ts';
import type { WorkerReply, WorkerTask } from './worker-messages.ts';

const task = (name: string): PhotoTask => ({
  ...{ name, stem: name, hash: '' },
  record: { bytes: new Uint8Array(), label: -1, origin: name },
});

/** A worker thread whose answers the test gives. */
class FakeWorker extends EventEmitter {
  readonly tasks: WorkerTask[] = [];
  isTerminated = false;
  postMessage(message: WorkerTask) {
    this.tasks.push(message);
  }
  answer(index: number) {
    const { id, task } = this.tasks[index]!;
    const photo = { name: task.name, hash: '', faces: [], rejects: [] };
    this.emit('message', { id, crops: { photo, crops: [] } } satisfies WorkerReply);
  }
  async terminate() {
    this.isTerminated = true;
    return 0;
  }
}

function aligner() {
  const workers: FakeWorker[] = [];
  const start = () => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker as unknown as Worker;
  };
  return { aligner: workerAligner(2, settings, start), workers };
}

it('gives each photo to the thread with the fewest, and its answer to the caller', async () => {
  const { aligner: pool, workers } = aligner();
  const [first, second, third] = ['a', 'b', 'c'].map((name) => pool.align(task(name)));
  expect(workers.map(({ tasks }) => tasks.length)).toEqual([2, 1]);
  workers[1]!.answer(0);
  expect((await second!).photo.name).toBe('b');
  const fourth = pool.align(task('d'));
  expect(workers.map(({ tasks }) => tasks.length)).toEqual([2, 2]);
  for (const index of [1, 0]) workers[0]!.answer(index);
  workers[1]!.answer(1);
  const names = (await Promise.all([first, third, fourth])).map((crops) => crops!.photo.name);
  expect(names).toEqual(['a', 'c', 'd']);
  await pool.close();
  expect(workers.every(({ isTerminated }) => isTerminated)).toBe(true);
});

it('rejects a photo with the error of its thread, and goes on', async () => {
  const { aligner: pool, workers } = aligner();
  const [bad, good] = ['a', 'b'].map((name) => pool.align(task(name)));
  workers[0]!.emit('message', { id: workers[0]!.tasks[0]!.id, error: 'out of luck' });
  workers[1]!.answer(0);
  await expect(bad).rejects.toThrow(/thread failed: out of luck/);
  expect((await good!).photo.name).toBe('b');
});

it('rejects all photos when a thread dies, with advice', async () => {
  const { aligner: pool, workers } = aligner();
  const pending = ['a', 'b'].map((name) => pool.align(task(name)));
  workers[1]!.emit('error', new Error('out of memory'));
  for (const photo of [...pending, pool.align(task('c'))]) {
    await expect(photo).rejects.toThrow(WorkerError);
    await expect(photo).rejects.toThrow(/died: out of memory\. workers: 1 aligns/);
  }
});
