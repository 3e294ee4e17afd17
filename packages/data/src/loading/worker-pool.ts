import { Worker } from 'node:worker_threads';
import type { ChunkRunner, LoadItems } from './chunk-runner.ts';
import { WorkerError } from './loader-errors.ts';
import type { ImageFailure } from './prepare-images.ts';
import { packItems, type WorkerReply, type WorkerSetup, type WorkerTask } from './worker-messages.ts';

/** One part being worked on, one waiting beside the worker so that it need not wait for this thread. */
const tasksPerWorker = 2;

interface Task {
  readonly load: LoadItems;
  readonly target: Float32Array;
  resolve(failures: readonly ImageFailure[]): void;
  reject(error: unknown): void;
}

interface Member {
  readonly worker: Worker;
  readonly tasks: Map<number, Task>;
  /** Tasks it was given or will be, when their images are read. */
  load: number;
}

/** Worker threads that share the parts of batches. If one dies, everything under way is rejected. */
export class WorkerPool implements ChunkRunner {
  readonly parallel: number;
  readonly #members: readonly Member[];
  readonly #waiting: Task[] = [];
  /** Buffers that came back, for the next parts: their memory is there already. */
  readonly #buffers: Float32Array[] = [];
  #nextId = 0;
  #failure: Error | null = null;
  #isClosing = false;

  /**
   * @param count how many threads, at least 1
   * @param start starts a thread; tests start ones that die
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
      this.#share();
    });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#fail(new WorkerError('The loader has ended.'));
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }

  #startMember(worker: Worker): Member {
    const member: Member = { worker, tasks: new Map(), load: 0 };
    // A loop that was abandoned does not keep the process alive; one that waits does, see #send.
    member.worker.unref();
    member.worker.on('message', (reply: WorkerReply) => this.#receive(member, reply));
    const died = (reason: unknown) => {
      const text = reason instanceof Error ? reason.message : String(reason);
      const hint = 'workers: 0 works without threads.';
      this.#fail(new WorkerError(`A worker thread of the loader died: ${text}. ${hint}`, { cause: reason }));
    };
    member.worker.on('error', died);
    member.worker.on('messageerror', died);
    member.worker.on('exit', (code) => {
      if (!this.#isClosing) died(`it ended with exit code ${code}`);
    });
    return member;
  }

  /** Gives waiting parts to the workers with the least to do, while there is room. */
  #share(): void {
    while (this.#waiting.length > 0 && !this.#failure) {
      const member = this.#members.reduce((least, one) => (one.load < least.load ? one : least));
      if (member.load >= tasksPerWorker) return;
      member.load++;
      void this.#send(member, this.#waiting.shift() as Task);
    }
  }

  async #send(member: Member, task: Task): Promise<void> {
    try {
      const items = await task.load();
      if (this.#failure) throw this.#failure;
      const id = this.#nextId++;
      const { length } = task.target;
      const found = this.#buffers.findIndex((buffer) => buffer.length === length);
      const pixels = found < 0 ? new Float32Array(length) : this.#buffers.splice(found, 1)[0]!;
      const message: WorkerTask = { id, pixels, ...packItems(items) };
      if (member.tasks.size === 0) member.worker.ref();
      member.tasks.set(id, task);
      member.worker.postMessage(message, [pixels.buffer as ArrayBuffer, message.bytes.buffer as ArrayBuffer]);
    } catch (error) {
      member.load--;
      task.reject(error);
      this.#share();
    }
  }

  #receive(member: Member, { id, pixels, failures, error }: WorkerReply): void {
    const task = member.tasks.get(id);
    if (!task) return;
    member.tasks.delete(id);
    member.load--;
    if (member.tasks.size === 0) member.worker.unref();
    if (error === undefined) {
      task.target.set(pixels);
      task.resolve(failures);
    } else {
      task.reject(new WorkerError(`A worker thread of the loader failed: ${error}`));
    }
    // Two lengths at most: the last batch of an epoch is cut in parts of another.
    if (this.#buffers.length >= this.parallel) this.#buffers.shift();
    this.#buffers.push(pixels);
    this.#share();
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

/** Starts the entry that lies beside this file: the built one, or in the repository the source. */
export function startWorker(setup: WorkerSetup): Worker {
  // Options of this process, such as --input-type, must not reach the thread.
  const options = { workerData: setup, execArgv: [] };
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./decode-worker.js', import.meta.url), options);
  }
  const execArgv = ['--conditions=@openset/source'];
  return new Worker(new URL('./decode-worker-source.mjs', import.meta.url), { ...options, execArgv });
}
