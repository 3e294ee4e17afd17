import { WorkerError } from '@openset/core';
import { type KernelWorker, startWorker } from './kernel-worker.ts';

/** The functions of assembly/pool.ts. */
export interface PoolFunctions {
  publish(control: number, task: number, parameters: number, chunks: number): void;
  work(control: number, scratch: number): void;
  wait(control: number, spins: number, milliseconds: number): number;
  stop(control: number): void;
}

/** What a pool is made of. */
export interface PoolOptions {
  readonly functions: PoolFunctions;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Threads together with the one that calls. */
  readonly threads: number;
  /** Scratch memory of the thread that calls. */
  readonly scratch: number;
  /** Bytes on the heap, 64-byte aligned, and how to give them back. */
  readonly allocate: (bytes: number) => { readonly address: number; readonly free: () => void };
  /** Bytes of scratch memory that a thread needs. */
  readonly scratchBytes: number;
  /** Milliseconds without progress after which a worker counts as dead; default 30 s. */
  readonly patience?: number;
}

const controlBytes = 128;
/** About 50 µs: the usual pause between two kernels. */
const spins = 20_000;
/** How long the calling thread sleeps before it looks after its workers. */
const slice = 50;

/**
 * Worker threads that share the heap of the backend and take chunks of a task by turns with the thread that calls; see
 * assembly/pool.ts.
 */
export class ThreadPool {
  readonly threads: number;
  private readonly options: PoolOptions;
  private readonly control: number;
  private readonly blocks: ReturnType<PoolOptions['allocate']>[] = [];
  private workers: KernelWorker[] = [];
  private state: 'starting' | 'running' | 'failed' | 'closed' = 'starting';
  private readonly maySleep = maySleep();

  /** @throws WorkerError if a worker does not start */
  static async start(options: PoolOptions): Promise<ThreadPool> {
    const pool = new ThreadPool(options);
    try {
      await pool.startWorkers();
      pool.state = 'running';
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  private constructor(options: PoolOptions) {
    this.options = options;
    this.threads = options.threads;
    this.control = this.allocate(controlBytes);
    new Uint8Array(options.memory.buffer, this.control, controlBytes).fill(0);
  }

  /** Whether the workers are there to take work. */
  get isRunning(): boolean {
    return this.state === 'running';
  }

  /**
   * Does all chunks of a task.
   * @throws WorkerError if a worker makes no progress: it was terminated or is starved. The pool is closed then.
   */
  run(task: number, parameters: number, chunks: number): void {
    this.publish(task, parameters, chunks);
    this.finish(chunks);
  }

  /** The first half of {@link run}: lets the workers begin. */
  publish(task: number, parameters: number, chunks: number): void {
    this.options.functions.publish(this.control, task, parameters, chunks);
  }

  /** The second half: takes chunks too, then waits for the workers. */
  finish(chunks: number): void {
    const { functions, scratch, patience = 30_000 } = this.options;
    try {
      functions.work(this.control, scratch);
      let done = -1;
      let left = patience;
      while (left > 0) {
        const start = performance.now();
        const now = functions.wait(this.control, spins, this.maySleep ? slice : 0);
        if (now >= chunks) return;
        // Where the whole process stood still, in a debugger or a machine asleep, that counts as one slice.
        left = now === done ? left - Math.min(performance.now() - start, 2 * slice) : patience;
        done = now;
      }
      throw new WorkerError(
        `A worker thread of the wasm kernels made no progress for ${patience / 1000} s: ${done} of ${chunks} chunks are ` +
          'done. It was terminated, or the machine has no time for it. The result of this operation is lost; further ' +
          'operations run on one thread. Call enableWasmTraining again for new threads.',
      );
    } catch (error) {
      // A late worker must not write into memory that belongs to somebody else by then.
      this.state = 'failed';
      void this.terminate();
      throw error;
    }
  }

  /** Ends the workers and gives back their memory. */
  async close(): Promise<void> {
    if (this.state === 'running') this.options.functions.stop(this.control);
    this.state = 'closed';
    await this.terminate();
    for (const { free } of this.blocks.splice(0)) free();
  }

  private async startWorkers(): Promise<void> {
    const { module, memory, scratchBytes, threads } = this.options;
    const starting = Array.from({ length: threads - 1 }, async () => {
      const scratch = this.allocate(scratchBytes);
      const start = { module, memory, control: this.control, scratch, spins };
      const worker = await startWorker(start, (reason) => this.onWorkerEnd(reason));
      this.workers.push(worker);
    });
    const failed = (await Promise.allSettled(starting)).find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }

  private onWorkerEnd(reason: string): void {
    if (this.state !== 'running') return;
    this.state = 'failed';
    console.warn(
      `@openset/wasm-kernels: a worker thread ended (${reason}). The kernels go on with one thread.`,
    );
    void this.terminate();
  }

  private async terminate(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.terminate()));
  }

  private allocate(bytes: number): number {
    const block = this.options.allocate(bytes);
    this.blocks.push(block);
    return block.address;
  }
}

/** Whether this thread may sleep; the main thread of a page may only spin. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
