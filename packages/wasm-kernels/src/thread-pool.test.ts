// @isolate: changes the threads of the backend.
import { WorkerError } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { poolOptions } from './__fixtures__/native-task.ts';
import { enableWasmTraining } from './index.ts';
import { kernelModule } from './kernel-modules.ts';
import { ThreadPool } from './thread-pool.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** Internals of a pool, to terminate a worker without the pool's knowledge. */
interface Inside {
  readonly workers: { terminate(): Promise<unknown> }[];
  readonly control: number;
}

const backend = () => tf.backend() as unknown as WasmBackend;
const pools: ThreadPool[] = [];

async function start(threads: number, patience?: number) {
  const { options, task } = poolOptions(backend(), threads, patience);
  const pool = await ThreadPool.start(options);
  pools.push(pool);
  return { pool, task, memory: options.memory };
}

beforeAll(async () => {
  // Gives the backend shared memory. The tests start their own pools.
  await enableWasmTraining({ threads: 2 });
});
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

describe('ThreadPool', () => {
  it.each([2, 3, 4])('runs every chunk once, job after job, with %d threads', async (threads) => {
    const { pool, task } = await start(threads);
    const { number, parameters, chunks, result, clear } = task(96, 8);
    for (let job = 0; job < 200; job++) {
      clear();
      pool.run(number, parameters, chunks);
      const wrong = result().findIndex((value) => value !== 96);
      expect(wrong).toBe(-1);
    }
    expect(pool.isRunning).toBe(true);
  });

  it('claims no chunk of a job whose words are published but not its claim', () => {
    const { options, task } = poolOptions(backend(), 2);
    const { functions, memory, scratch } = options;
    const { number, parameters, chunks, result, clear } = task(64, 8);
    const control = options.allocate(128).address;
    const words = new Int32Array(memory.buffer, control, 32).fill(0);
    functions.publish(control, number, parameters, 2);
    functions.work(control, scratch);
    expect(result().findIndex((value) => value !== 64)).toBe(2 * 8);
    clear();
    words[3] = chunks;
    functions.work(control, scratch);
    expect(result().every((value) => value === 0)).toBe(true);
    expect(words[16]).toBe(2);
  });

  it('keeps jobs of different length apart', async () => {
    const { pool, task } = await start(2);
    const [short, long] = [task(16, 8), task(32, 4)];
    for (let round = 0; round < 20_000; round++) {
      for (const { number, parameters, chunks } of [short, long]) pool.run(number, parameters, chunks);
    }
    expect(short.result().every((value) => value === 16)).toBe(true);
    expect(long.result().every((value) => value === 32)).toBe(true);
    expect(pool.isRunning).toBe(true);
  });

  it('wakes sleeping workers', async () => {
    const { pool, task } = await start(2);
    const { number, parameters, chunks, result } = task(64, 8);
    for (let job = 0; job < 3; job++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      pool.run(number, parameters, chunks);
    }
    expect(result().every((value) => value === 64)).toBe(true);
  });

  it('does not hang if a worker is terminated in the middle of a chunk', async () => {
    const { pool, task, memory } = await start(2, 300);
    const { number, parameters, chunks } = task(3072, 3072);
    const { workers, control } = pool as unknown as Inside;
    pool.publish(number, parameters, chunks);
    const claim = new Int32Array(memory.buffer, control, 1);
    while (Atomics.load(claim, 0) === chunks) await new Promise((resolve) => setTimeout(resolve, 0));
    // The chunk takes a second.
    const ending = workers[0]!.terminate();
    const before = performance.now();
    expect(() => pool.finish(chunks)).toThrow(WorkerError);
    expect(performance.now() - before).toBeLessThan(5000);
    expect(pool.isRunning).toBe(false);
    await ending;
  });

  it('continues on one thread after a worker ends between two jobs, and warns', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { pool, task } = await start(3);
    const { number, parameters, chunks, result } = task(64, 8);
    await (pool as unknown as Inside).workers[0]!.terminate();
    await expect.poll(() => pool.isRunning).toBe(false);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('continue on one thread'));
    // Nothing is lost even before the pool notices, because a sleeping worker has no chunk.
    pool.run(number, parameters, chunks);
    expect(result().every((value) => value === 64)).toBe(true);
    warn.mockRestore();
  });

  it('reports workers that cannot start, and terminates the others', async () => {
    const { options } = poolOptions(backend(), 3);
    // Memory that is not shared cannot be sent to a worker, and its module does not accept shared memory.
    const memory = new WebAssembly.Memory({ initial: 1 });
    await expect(ThreadPool.start({ ...options, memory, allocate })).rejects.toBeInstanceOf(WorkerError);
    const module = kernelModule({ shared: false, relaxedSimd: false })!;
    await expect(ThreadPool.start({ ...options, module })).rejects.toThrow(/did not start: .*memory/);
  });
});

function allocate(bytes: number) {
  return { address: 64 * Math.ceil(bytes / 64), free: () => {} };
}
