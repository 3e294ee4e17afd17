import type { Worker } from 'node:worker_threads';
import { WorkerError } from '@openset/data/node';
import { startWorker } from '../workers/start-worker.ts';
import type { AlignSettings } from './align-journal.ts';
import type { PhotoCrops, PhotoTask } from './align-photo.ts';
import type { PhotoAligner } from './photo-aligner.ts';
import type { WorkerReply, WorkerSetup, WorkerTask } from './worker-messages.ts';

/** Number of photos sent to a worker thread ahead, so that none waits while the others align a slow photo. */
const photosPerWorker = 4;

interface Pending {
  readonly member: Member;
  resolve(crops: PhotoCrops): void;
  reject(error: unknown): void;
}

interface Member {
  readonly worker: Worker;
  taskCount: number;
}

/**
 * Returns an aligner that distributes photos over worker threads, each with a backend and a detector of its own. If one thread
 * dies, all photos under way and all later ones are rejected with a WorkerError.
 *
 * @param count number of threads, at least 1
 * @param start starts a thread; replaced in tests
 */
export function workerAligner(
  count: number,
  settings: AlignSettings,
  start: (setup: WorkerSetup) => Worker = (setup) => startWorker('align-worker', setup),
): PhotoAligner {
  const pending = new Map<number, Pending>();
  let nextId = 0;
  let failure: Error | null = null;

  const fail = (reason: unknown) => {
    const text = reason instanceof Error ? reason.message : String(reason);
    const advice = { option: 'workers', text: 'workers: 1 aligns without worker threads.' };
    failure ??= new WorkerError(`A worker thread that aligns photos died: ${text}.`, {
      cause: reason,
      advice,
    });
    for (const { reject } of pending.values()) reject(failure);
    pending.clear();
  };
  const receive = (reply: WorkerReply) => {
    const task = pending.get(reply.id);
    if (!task) return;
    pending.delete(reply.id);
    task.member.taskCount -= 1;
    if ('crops' in reply) task.resolve(reply.crops);
    else task.reject(new Error(`A worker thread failed: ${reply.error}`));
  };
  const members = Array.from({ length: count }, (): Member => {
    const worker = start({ settings });
    worker.on('message', receive);
    worker.on('error', fail);
    worker.on('messageerror', fail);
    worker.on('exit', (code) => fail(`it ended with exit code ${code}`));
    return { worker, taskCount: 0 };
  });

  return {
    parallel: photosPerWorker * count,
    align: (task: PhotoTask) =>
      new Promise((resolve, reject) => {
        if (failure) {
          reject(failure);
          return;
        }
        const member = members.reduce((least, one) => (one.taskCount < least.taskCount ? one : least));
        const id = nextId++;
        member.taskCount += 1;
        pending.set(id, { member, resolve, reject });
        member.worker.postMessage({ id, task } satisfies WorkerTask);
      }),
    close: async () => {
      await Promise.all(members.map(({ worker }) => worker.terminate()));
    },
  };
}
