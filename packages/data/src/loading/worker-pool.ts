import { Worker } from 'node:worker_threads';
import { BufferPool } from './buffer-pool.ts';
import type { ChunkRunner, LoadItems } from './chunk-runner.ts';
import { WorkerError } from './loader-errors.ts';
import type { ImageFailure } from './prepare-images.ts';
import { packItems, type WorkerReply, type WorkerSetup, type WorkerTask } from './worker-messages.ts';

/** One chunk in progress and one queued at the worker, so that the worker does not wait for this thread. */
const tasksPerWorker = 2;

interface Task {
  readonly load: LoadItems;
  readonly target: Float32Array;
  resolve(failures: readonly ImageFailure[]): void;
  reject(error: unknown): void;
}

interface PoolWorker {
  readonly worker: Worker;
  readonly tasks: Map<number, Task>;
  /** Number of assigned tasks, including those whose images are still being read. */
  taskCount: number;
}

/** Distributes the chunks of batches over worker threads. If one thread dies, all pending chunks are rejected. */
export class WorkerPool implements ChunkRunner {
  readonly parallel: number;
  readonly #members: readonly PoolWorker[];
  readonly #waiting: Task[] = [];
  readonly #buffers = new BufferPool();
  #nextId = 0;
  #failure: Error | null = null;
  #isClosing = false;

  /**
   * @param count number of threads, at least 1
   * @param start starts a thread; replaced in tests
   */
  constructor(count: number, setup: WorkerSetup, start: (setup: WorkerSetup) => Worker = startWorker) {
    this.parallel = count * tasksPerWorker;
    this.#members = Array.from({ length: count }, () => this.#startMember(start(setup)));
  }

  run(load: LoadItems, target: Float32Array): Promise<readonly ImageFailure[]> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({ load, target, resolve, reject });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#fail(new WorkerError('The loader is closed.'));
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }

  #startMember(worker: Worker): PoolWorker {
    const member: PoolWorker = { worker, tasks: new Map(), taskCount: 0 };
    // An idle thread does not keep the process alive; #send refs the threads that have tasks.
    member.worker.unref();
    member.worker.on('message', (reply: WorkerReply) => this.#receive(member, reply));
    const reportDeath = (reason: unknown) => {
      const text = reason instanceof Error ? reason.message : String(reason);
      const advice = { option: 'workers', text: 'workers: 0 runs without threads.' };
      this.#fail(new WorkerError(`A worker thread of the loader died: ${text}.`, { cause: reason, advice }));
    };
    member.worker.on('error', reportDeath);
    member.worker.on('messageerror', reportDeath);
    member.worker.on('exit', (code) => {
      if (!this.#isClosing) reportDeath(`it ended with exit code ${code}`);
    });
    return member;
  }

  /** Assigns waiting chunks to the least busy workers while they have capacity. */
  #dispatch(): void {
    while (this.#waiting.length > 0 && !this.#failure) {
      const member = this.#members.reduce((least, one) => (one.taskCount < least.taskCount ? one : least));
      if (member.taskCount >= tasksPerWorker) return;
      member.taskCount++;
      void this.#send(member, this.#waiting.shift() as Task);
    }
  }

  async #send(member: PoolWorker, task: Task): Promise<void> {
    try {
      const items = await task.load();
      if (this.#failure) throw this.#failure;
      const id = this.#nextId++;
      const pixels = this.#buffers.acquire(task.target.length);
      const message: WorkerTask = { id, pixels, ...packItems(items) };
      if (member.tasks.size === 0) member.worker.ref();
      member.tasks.set(id, task);
      member.worker.postMessage(message, [pixels.buffer as ArrayBuffer, message.bytes.buffer as ArrayBuffer]);
    } catch (error) {
      member.taskCount--;
      task.reject(error);
      this.#dispatch();
    }
  }

  #receive(member: PoolWorker, { id, pixels, failures, error }: WorkerReply): void {
    const task = member.tasks.get(id);
    if (!task) return;
    member.tasks.delete(id);
    member.taskCount--;
    if (member.tasks.size === 0) member.worker.unref();
    if (error === undefined) {
      task.target.set(pixels);
      task.resolve(failures);
    } else {
      task.reject(new WorkerError(`A worker thread of the loader failed: ${error}`));
    }
    this.#buffers.release(pixels, this.parallel);
    this.#dispatch();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const tasks = [
      ...this.#waiting.splice(0),
      ...this.#members.flatMap((member) => [...member.tasks.values()]),
    ];
    for (const member of this.#members) member.tasks.clear();
    for (const task of tasks) task.reject(this.#failure);
  }
}

/** Starts a worker thread from the built entry point next to this file, or inside the repository from its source. */
export function startWorker(setup: WorkerSetup): Worker {
  // The thread must not inherit options of this process, such as --input-type.
  const options = { workerData: setup, execArgv: [] };
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./decode-worker.js', import.meta.url), options);
  }
  const execArgv = ['--conditions=@openset/source'];
  return new Worker(new URL('./decode-worker-source.mjs', import.meta.url), { ...options, execArgv });
}
