import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { NativeCalls } from './native-calls.ts';

/** Returns a promise and its resolver. */
function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const isSettled = async (promise: Promise<unknown>) => {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  return settled;
};

describe('NativeCalls', () => {
  it('returns results and errors of calls', async () => {
    const calls = new NativeCalls();
    expect(await calls.run(async () => 5)).toBe(5);
    await expect(calls.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    // Both calls have ended.
    await calls.stop();
  });

  it('waits for all calls that run, and allows none afterwards', async () => {
    const worker = new NativeCalls();
    const pool = new NativeCalls(worker.memory);
    const [first, second] = [deferred(), deferred()];
    const running = [worker.run(() => first.promise), worker.run(() => second.promise)];
    const stop = pool.stop();
    let calls = 0;
    const late = worker.run(async () => {
      calls += 1;
    });
    first.resolve();
    expect(await isSettled(stop)).toBe(false);
    second.resolve();
    await Promise.all([...running, stop]);
    expect(await isSettled(late)).toBe(false);
    expect(calls).toBe(0);
    await pool.stop();
    pool.stopNow();
  });

  it('blocks until a call of another thread has ended', async () => {
    const calls = new NativeCalls();
    const text = `
      const { workerData, parentPort } = require('node:worker_threads');
      const state = new Int32Array(workerData);
      Atomics.add(state, 0, 1);
      parentPort.postMessage('runs');
      setTimeout(() => { Atomics.sub(state, 0, 1); Atomics.notify(state, 0); }, 50);`;
    const worker = new Worker(text, { eval: true, workerData: calls.memory });
    await new Promise((resolve) => worker.once('message', resolve));
    calls.stopNow();
    expect(new Int32Array(calls.memory)[0]).toBe(2 ** 30);
    await worker.terminate();
  });
});
