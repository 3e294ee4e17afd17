import { WorkerError } from '@openset/core';
import { type KernelWorker, startWorker } from './kernel-worker.ts';

/** The functions of assembly/pool.ts. */
export interface PoolFunctions {
  publish(control: number, task: number, parameters: number, chunks: number): void;
  work(control: number, scratch: number): void;
  wait(control: number, spins: number, milliseconds: number): number;
  stop(control: number): void;
}

/** Options of {@link ThreadPool.start}. */
export interface PoolOptions {
  readonly functions: PoolFunctions;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Number of threads, including the calling one. */
  readonly threads: number;
  /** Address of the calling thread's scratch memory. */
  readonly scratch: number;
  /** Allocates bytes on the heap, 64-byte aligned. */
  readonly allocate: (bytes: number) => { readonly address: number; readonly free: () => void };
  /** Bytes of scratch memory that a thread needs. */
  readonly scratchBytes: number;
  /** Milliseconds without progress after which the pool fails; default 30,000. */
  readonly patience?: number;
}

const controlBytes = 128;
/**
 * Checks for work before a thread sleeps. They take about half a millisecond, longer than the usual pause between two
 * kernels of a training step. To wake a thread takes as long as a small kernel.
 */
const spins = 200_000;
/** Milliseconds that the calling thread sleeps before it checks for progress. */
const sleepSlice = 50;

/**
 * Worker threads that share the backend's heap. They and the calling thread claim chunks of a task; see
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

  /** Starts the workers. @throws WorkerError if a worker does not start */
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

  /** Whether the workers are ready for tasks. */
  get isRunning(): boolean {
    return this.state === 'running';
  }

  /**
   * Runs all chunks of a task.
   *
   * @throws WorkerError if a worker makes no progress, because it was terminated or is starved; the pool then fails
   */
  run(task: number, parameters: number, chunks: number): void {
    this.publish(task, parameters, chunks);
    this.finish(chunks);
  }

  /** Runs the first half of {@link run}: publishes the task to the workers. */
  publish(task: number, parameters: number, chunks: number): void {
    this.options.functions.publish(this.control, task, parameters, chunks);
  }

  /** Runs the second half of {@link run}: claims chunks, then waits for the workers. */
  finish(chunks: number): void {
    const { functions, scratch, patience = 30_000 } = this.options;
    try {
      functions.work(this.control, scratch);
      let finished = -1;
      let left = patience;
      while (left > 0) {
        const start = performance.now();
        const now = functions.wait(this.control, spins, this.maySleep ? sleepSlice : 0);
        if (now >= chunks) return;
        // If the whole process stood still, in a debugger or on a sleeping machine, that counts as two slices at most.
        left = now === finished ? left - Math.min(performance.now() - start, 2 * sleepSlice) : patience;
        finished = now;
      }
      throw new WorkerError(
        `A worker thread of the wasm kernels made no progress for ${patience / 1000} s: ${finished} of ${chunks} chunks are ` +
          'finished. It was terminated, or the machine is overloaded. The result of this operation is lost, and later ' +
          'operations run on one thread. Call enableWasmTraining again to start new threads.',
      );
    } catch (error) {
      // A late worker must not write to memory that has a new owner by then.
      this.state = 'failed';
      void this.terminate();
      throw error;
    }
  }

  /** Ends the workers and frees their memory. */
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
      `@openset/wasm-kernels: a worker thread ended (${reason}). The kernels continue on one thread.`,
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

/** Whether this thread may sleep. The main thread of a page may only spin. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
