import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { ConfigError, checkNumber } from '@openset/core';
import { ImageRefusedError, type Recognizer } from '@openset/server';
import type { GivenThreshold } from '@openset/verify';
import type { BackendName } from '../backend-names.ts';
import { resolveEngine } from '../engine/engine-choice.ts';
import type { EngineName } from '../engine/engine-names.ts';
import type { EngineFacts } from '../engine/open-engine.ts';
import type { Decoding } from '../images/image-reading.ts';
import { NativeCalls } from '../workers/native-calls.ts';
import { startWorker } from '../workers/start-worker.ts';
import type { BatchOptions } from './batch-crops.ts';
import type { ImageLimits } from './image-recognizer.ts';
import type { WorkerSetup } from './recognizer-messages.ts';
import { RecognizerPool } from './recognizer-pool.ts';

/** Limits of a recognizer. */
export interface RecognizerLimits extends ImageLimits {
  /** Largest number of calls that wait for a thread. */
  readonly queue: number;
}

/** Options of `openRecognizer`. */
export interface RecognizerOptions {
  /** Path of the model file or of the folder of a run, or the word of a pretrained network. */
  readonly model: string;
  /** Overrides the model's threshold. */
  readonly threshold?: GivenThreshold | undefined;
  /** Whether faces are found and cropped for a model that states no crop; default false. Other models have their own crop. */
  readonly align?: boolean | undefined;
  /** Default `'wasm'`. */
  readonly backend?: BackendName | undefined;
  /** What computes embeddings; default: the backend if one is given, else onnxruntime if it is installed and passes the self-check. */
  readonly engine?: EngineName | undefined;
  /** Number of threads of each worker's backend, and of its engine; default 1. */
  readonly threads?: number | undefined;
  /** Number of worker threads; default: one for each core, and 1 on backends other than wasm and cpu. */
  readonly workers?: number | undefined;
  /** Defaults: 50 million pixels, 50 faces, 32 waiting calls for each worker. */
  readonly limits?: { readonly [Name in keyof RecognizerLimits]?: number | undefined };
  /** Defaults: batches of at most 4 crops, which wait for nothing. */
  readonly batch?: { readonly [Name in keyof BatchOptions]?: number | undefined };
  /** How images are decoded; `maxPixels` is a limit of its own. */
  readonly decoding?: Omit<Decoding, 'maxPixels'> | undefined;
  /** Seconds that a worker may take for a call before it is replaced; default 60. */
  readonly timeout?: number | undefined;
}

/** A recognizer and what it embeds with. */
export interface OpenedRecognizer extends Recognizer {
  readonly engine: EngineFacts;
  /** Lines on the choice of the engine. */
  readonly notes: readonly string[];
}

/** Backends that may run in several threads of a process. */
const backendsOfManyWorkers: readonly BackendName[] = ['wasm', 'cpu'];

/**
 * Opens a recognizer that runs in worker threads, each with a backend, a network and a face detector of its own. It finds the same faces
 * and embeddings as `openset embed` and `identify`. A thread that dies or hangs fails its calls, and is replaced.
 * @param start starts a thread; replaced in tests
 * @throws ConfigError for options out of range, for several workers on a backend that may run only once, and for an engine that is not
 *   installed; EngineError for one that fails; DataError for a model that does not exist, or a detector that is not installed
 */
export async function openRecognizer(
  options: RecognizerOptions,
  start: (setup: WorkerSetup) => Worker = (setup) => startWorker('recognizer-worker', setup),
): Promise<OpenedRecognizer> {
  const { model: path, threshold, align = false, threads = 1 } = options;
  const { backend = 'wasm', onnxruntime } = resolveEngine(options);
  const { decoding = {}, timeout = 60 } = options;
  const { workers = backendsOfManyWorkers.includes(backend) ? availableParallelism() : 1 } = options;
  const { pixels = 50e6, faces = 50, queue = 32 * workers } = options.limits ?? {};
  const { size = 4, wait = 0 } = options.batch ?? {};
  const whole = { minimum: 1, integer: true };
  checkNumber('openRecognizer: workers', workers, { ...whole, maximum: 256 });
  checkNumber('openRecognizer: threads', threads, whole);
  checkNumber('openRecognizer: limits.pixels', pixels, whole);
  checkNumber('openRecognizer: limits.faces', faces, whole);
  checkNumber('openRecognizer: limits.queue', queue, whole);
  checkNumber('openRecognizer: batch.size', size, { ...whole, maximum: 32 });
  checkNumber('openRecognizer: batch.wait', wait, { minimum: 0, maximum: 1000 });
  checkNumber('openRecognizer: timeout', timeout, { minimum: 0.001, maximum: 3600 });
  if (workers > 1 && !backendsOfManyWorkers.includes(backend)) {
    throw new ConfigError(
      `${workers} workers need the backend wasm, but the backend is ${backend}. Use one worker, or the backend wasm.`,
    );
  }
  const setup = {
    ...{ model: path, threshold, align, backend, onnxruntime, threads, decoding },
    ...{ limits: { pixels, faces }, batch: { size, wait } },
  };
  const pool = new RecognizerPool({
    workers,
    queue,
    timeout: 1000 * timeout,
    start: () => startSafely(setup, start),
  });
  const { model, engine, notes } = await pool.open();
  return {
    ...{ model, engine, notes },
    get pending() {
      return pool.pending;
    },
    get isReady() {
      return pool.isReady;
    },
    async recognize(image, options = {}) {
      const answer = await pool.recognize(image, options);
      // Only calls that were aborted have no answer.
      if (answer === null) throw new Error('A call was dropped that nobody has aborted.');
      if ('refused' in answer) throw new ImageRefusedError(answer.refused, answer.problem);
      return answer.image;
    },
    close: () => pool.close(),
  };
}

/** Native calls of all threads that run. */
const runningCalls = new Set<NativeCalls>();

/** An exiting process terminates its threads, too. */
function stopAllNow(): void {
  for (const calls of runningCalls) calls.stopNow();
}

/** Starts a thread whose `terminate` waits until it is in no native code. */
function startSafely(setup: Omit<WorkerSetup, 'nativeCalls'>, start: (setup: WorkerSetup) => Worker): Worker {
  const calls = new NativeCalls();
  const worker = start({ ...setup, nativeCalls: calls.memory });
  const terminate = worker.terminate.bind(worker);
  if (runningCalls.size === 0) process.on('exit', stopAllNow);
  runningCalls.add(calls);
  worker.once('exit', () => {
    runningCalls.delete(calls);
    if (runningCalls.size === 0) process.off('exit', stopAllNow);
  });
  worker.terminate = async () => {
    await calls.stop();
    return terminate();
  };
  return worker;
}
