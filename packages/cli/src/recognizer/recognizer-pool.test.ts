import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { ConfigError, DataError, WorkerError } from '@openset/core';
import { QueueFullError, type RecognizerModel } from '@openset/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WorkerReply, WorkerTask } from './recognizer-messages.ts';
import { RecognizerPool } from './recognizer-pool.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const engine = { name: 'wasm', version: null, threads: 1 };
const model = (fingerprint = 'a') => ({ name: 'model', fingerprint }) as RecognizerModel;

/** A worker thread whose answers the test gives. */
class FakeWorker extends EventEmitter {
  readonly tasks: WorkerTask[] = [];
  isTerminated = false;
  postMessage(task: WorkerTask) {
    this.tasks.push(task);
  }
  async terminate() {
    this.isTerminated = true;
    return 0;
  }
  reply(reply: WorkerReply) {
    this.emit('message', reply);
  }
  ready(fingerprint?: string) {
    this.reply({ kind: 'ready', model: model(fingerprint), engine, notes: [], parallel: 2 });
  }
  /** Answers a call with an image whose width is the first byte of the call's. */
  answer(task: WorkerTask | undefined = this.tasks.find(({ kind }) => kind === 'recognize')) {
    if (task?.kind !== 'recognize') throw new Error('the worker has no call');
    this.tasks.splice(this.tasks.indexOf(task), 1);
    const image = { width: task.image[0]!, height: 1, faces: [] };
    this.reply({ kind: 'answer', id: task.id, answer: { image } });
  }
}

async function openPool({ workers = 2, queue = 3 } = {}) {
  const fakes: FakeWorker[] = [];
  const start = () => {
    const worker = new FakeWorker();
    fakes.push(worker);
    return worker as unknown as Worker;
  };
  const pool = new RecognizerPool({ workers, queue, timeout: 1000, start });
  const opened = pool.open();
  for (const worker of fakes) worker.ready();
  await opened;
  const call = (value: number, signal?: AbortSignal) => {
    const result = pool.recognize(Uint8Array.of(value), signal ? { signal } : {});
    // Rejections that the test awaits later.
    result.catch(() => {});
    return result;
  };
  return { pool, fakes, call };
}

const width = (value: number) => ({ image: { width: value, height: 1, faces: [] } });

it('gives each call to the least busy thread, and its answer to the caller', async () => {
  const { pool, fakes, call } = await openPool();
  const calls = [1, 2, 3].map((value) => call(value));
  expect(fakes.map(({ tasks }) => tasks.length)).toEqual([2, 1]);
  expect(pool.pending).toBe(3);
  fakes[1]!.answer();
  expect(await calls[1]).toEqual(width(2));
  fakes[0]!.answer(fakes[0]!.tasks[1]);
  fakes[0]!.answer();
  expect(await Promise.all(calls)).toEqual([1, 2, 3].map(width));
  expect(pool.pending).toBe(0);
});

it('keeps further calls waiting in order, and refuses those beyond the queue', async () => {
  const { pool, fakes, call } = await openPool({ workers: 1 });
  const calls = [1, 2, 3, 4, 5].map((value) => call(value));
  expect(fakes[0]!.tasks).toHaveLength(2);
  await expect(call(6)).rejects.toThrow(QueueFullError);
  await expect(call(6)).rejects.toMatchObject({ retryAfter: 1 });
  expect(pool.pending).toBe(5);
  fakes[0]!.answer();
  const accepted = call(7);
  for (let each = 0; each < 5; each++) fakes[0]!.answer();
  expect(await Promise.all([...calls, accepted])).toEqual([1, 2, 3, 4, 5, 7].map(width));
});

it('copies bytes that share their buffer with others, and moves the rest', async () => {
  const { pool, fakes } = await openPool({ workers: 1 });
  const shared = new Uint8Array(4).fill(7).subarray(1, 2);
  const own = Uint8Array.of(8);
  const calls = [pool.recognize(shared, {}), pool.recognize(own, {})];
  const sent = fakes[0]!.tasks.map((task) => task.kind === 'recognize' && task.image);
  expect(sent[0]).toEqual(Uint8Array.of(7));
  expect((sent[0] as Uint8Array).buffer.byteLength).toBe(1);
  expect(sent[1]).toBe(own);
  for (let each = 0; each < 2; each++) fakes[0]!.answer();
  await Promise.all(calls);
});

describe('a call that is aborted', () => {
  it('leaves the queue', async () => {
    const { pool, fakes, call } = await openPool({ workers: 1 });
    const abort = new AbortController();
    const calls = [call(1), call(2), call(3, abort.signal), call(4)];
    abort.abort(new Error('gone'));
    await expect(calls[2]).rejects.toThrow('gone');
    expect(pool.pending).toBe(3);
    for (let each = 0; each < 3; each++) fakes[0]!.answer();
    expect(await calls[3]).toEqual(width(4));
  });

  it('is dropped by its thread, which counts as busy until it answers', async () => {
    const { pool, fakes, call } = await openPool({ workers: 1 });
    const abort = new AbortController();
    const first = call(1, abort.signal);
    abort.abort();
    await expect(first).rejects.toThrow('aborted');
    const { id } = fakes[0]!.tasks[0]!;
    expect(fakes[0]!.tasks[1]).toEqual({ kind: 'drop', id });
    expect(pool.pending).toBe(1);
    fakes[0]!.reply({ kind: 'answer', id, answer: null });
    expect(pool.pending).toBe(0);
  });

  it('does not begin with a signal that has been aborted', async () => {
    const { fakes, call } = await openPool();
    await expect(call(1, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(fakes.flatMap(({ tasks }) => tasks)).toEqual([]);
  });
});

describe('a thread that dies', () => {
  it('fails its own calls and is replaced', async () => {
    const { pool, fakes, call } = await openPool();
    const calls = [1, 2, 3, 4, 5].map((value) => call(value));
    fakes[0]!.emit('error', new Error('out of memory'));
    for (const lost of [calls[0], calls[2]]) {
      await expect(lost).rejects.toThrow(WorkerError);
      await expect(lost).rejects.toThrow('A worker thread that recognises images died: out of memory.');
    }
    expect(fakes).toHaveLength(3);
    expect(fakes[2]!.tasks).toEqual([]);
    fakes[2]!.ready();
    fakes[2]!.answer();
    for (let each = 0; each < 2; each++) fakes[1]!.answer();
    expect(await Promise.all([calls[1], calls[3], calls[4]])).toEqual([2, 4, 5].map(width));
    // The end of the thread is no other death.
    fakes[0]!.emit('exit', 1);
    expect(fakes).toHaveLength(3);
    expect(pool.pending).toBe(0);
  });

  it('is one that gives no answer in time, whose late answer is ignored', async () => {
    const { fakes, call } = await openPool({ workers: 1 });
    const hung = call(1);
    const [task] = fakes[0]!.tasks;
    await vi.advanceTimersByTimeAsync(1000);
    await expect(hung).rejects.toThrow('no answer within 1 s');
    expect(fakes[0]!.isTerminated).toBe(true);
    fakes[0]!.answer(task);
    fakes[1]!.ready();
    const next = call(2);
    fakes[1]!.answer();
    expect(await next).toEqual(width(2));
    // An answered call has no time limit left.
    await vi.advanceTimersByTimeAsync(5000);
    expect(fakes).toHaveLength(2);
  });

  it('leaves no thread if its replacements cannot start: calls fail until one does', async () => {
    const { pool, fakes, call } = await openPool({ workers: 1 });
    const failed = { kind: 'failed', name: 'DataError', problem: 'no model' } as const;
    fakes[0]!.emit('exit', 1);
    const waiting = call(1);
    expect(pool.isReady).toBe(false);
    fakes[1]!.reply(failed);
    await expect(waiting).rejects.toThrow('no model');
    await expect(call(2)).rejects.toThrow(WorkerError);
    await vi.advanceTimersByTimeAsync(999);
    expect(fakes).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    fakes[2]!.reply(failed);
    await vi.advanceTimersByTimeAsync(1999);
    expect(fakes).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1);
    fakes[3]!.ready();
    expect(pool.isReady).toBe(true);
    const answered = call(3);
    fakes[3]!.answer();
    expect(await answered).toEqual(width(3));
  });

  it('is not replaced by one with another model', async () => {
    const { pool, fakes, call } = await openPool({ workers: 1 });
    fakes[0]!.emit('exit', 1);
    const waiting = call(1);
    fakes[1]!.ready('b');
    await expect(waiting).rejects.toThrow('The model model has changed since the start');
    expect(fakes[1]!.isTerminated).toBe(true);
    expect(pool.isReady).toBe(false);
  });
});

it('rejects a call whose thread failed, and goes on', async () => {
  const { fakes, call } = await openPool({ workers: 1 });
  const calls = [call(1), call(2)];
  fakes[0]!.reply({ kind: 'error', id: fakes[0]!.tasks[0]!.id, text: 'a bug' });
  await expect(calls[0]).rejects.toThrow('A worker thread failed: a bug');
  fakes[0]!.answer(fakes[0]!.tasks[1]);
  expect(await calls[1]).toEqual(width(2));
});

describe('open', () => {
  it.each([
    ['DataError', DataError],
    ['ConfigError', ConfigError],
    ['TypeError', WorkerError],
  ])('rejects with the %s of a thread, and ends all threads', async (name, kind) => {
    const fakes: FakeWorker[] = [];
    const start = () => {
      fakes.push(new FakeWorker());
      return fakes.at(-1) as unknown as Worker;
    };
    const pool = new RecognizerPool({ workers: 2, queue: 1, timeout: 1000, start });
    const opened = pool.open();
    fakes[0]!.ready();
    fakes[1]!.reply({ kind: 'failed', name, problem: 'no model' });
    await expect(opened).rejects.toThrow(kind);
    await expect(opened).rejects.toThrow('no model');
    expect(fakes.every(({ isTerminated }) => isTerminated)).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fakes).toHaveLength(2);
  });
});

describe('close', () => {
  it('lets accepted calls end, also those that wait, and rejects later ones', async () => {
    const { pool, fakes, call } = await openPool({ workers: 1 });
    const calls = [1, 2, 3].map((value) => call(value));
    let isClosed = false;
    const closed = Promise.all([pool.close(), pool.close()]).then(() => {
      isClosed = true;
    });
    await expect(call(4)).rejects.toThrow('The recognizer is closed.');
    for (let each = 0; each < 2; each++) fakes[0]!.answer();
    await vi.advanceTimersByTimeAsync(10);
    expect(isClosed).toBe(false);
    fakes[0]!.answer();
    await closed;
    expect(await Promise.all(calls)).toEqual([1, 2, 3].map(width));
    expect(fakes[0]!.isTerminated).toBe(true);
    expect(pool.isReady).toBe(false);
  });

  it('ends although a thread dies', async () => {
    const { pool, fakes, call } = await openPool({ workers: 1 });
    const calls = [1, 2, 3].map((value) => call(value));
    const closed = pool.close();
    fakes[0]!.emit('exit', 1);
    fakes[1]!.reply({ kind: 'failed', name: 'DataError', problem: 'no model' });
    await closed;
    for (const lost of calls) await expect(lost).rejects.toThrow();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fakes).toHaveLength(2);
  });
});
