import { parentPort, workerData } from 'node:worker_threads';
import { limitConcurrency } from '@openset/data';
import { useBackend } from '../backends.ts';
import { alignPhoto } from './align-photo.ts';
import { loadDetector } from './align-settings.ts';
import type { WorkerReply, WorkerSetup, WorkerTask } from './worker-messages.ts';

// The entry point of a worker thread of `openset align`: aligns photos as they arrive, on a backend and a detector of its own.

const { settings } = workerData as WorkerSetup;
const tools = useBackend('wasm', { threads: 1 }).then(() => loadDetector(settings));

/** One photo is searched while the next is decoded. More would take memory. */
const concurrentPhotos = 2;

const align = limitConcurrency(async ({ id, task }: WorkerTask): Promise<WorkerReply> => {
  try {
    return { id, crops: await alignPhoto(task, settings, await tools) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}, concurrentPhotos);

parentPort?.on('message', async (message: WorkerTask) => parentPort?.postMessage(await align(message)));
