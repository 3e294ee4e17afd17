import { ConfigError, checkNumber } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { backendHeap } from './backend-internals.ts';
import { allowRelaxedSimd } from './kernel-modules.ts';
import { bootSpareWorkers, endSpareWorkers } from './kernel-worker.ts';
import { chooseNativeModule, describeNative, nativeModule } from './native-module.ts';
import { nodeThreads } from './node-modules.ts';
import { makeSharedBackend } from './shared-backend.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** Options of {@link enableWasmTraining}. */
export interface WasmTrainingOptions {
  /** Number of threads, including the calling one; default 1. More threads than cores do not help. */
  readonly threads?: number;
  /**
   * Whether to use fused multiply-add, which changes the last digits of results. `'auto'` (default) uses it if the engine
   * has it. Choose `false` or `true` if results must be the same on all machines.
   */
  readonly relaxedSimd?: 'auto' | boolean;
}

/** Result of {@link enableWasmTraining}. */
export interface WasmTraining {
  /** Number of threads; 1 if the page or the engine allows no more. `notes` then has the reason. */
  readonly threads: number;
  /** Whether the engine has SIMD. If not, the TypeScript versions of the kernels run on one thread. */
  readonly simd: boolean;
  /** Whether relaxed SIMD instructions run. */
  readonly relaxedSimd: boolean;
  /** Whether the heap of the backend is a `SharedArrayBuffer`. */
  readonly sharedMemory: boolean;
  /** Reasons why the result differs from the options. */
  readonly notes: readonly string[];
}

const backendName = 'wasm';
const maxThreads = 64;

/**
 * Makes `'wasm'` the backend, with the compiled kernels on several threads and with fused multiply-add. Results do not
 * depend on the number of threads.
 *
 * Call it in place of `tf.setBackend('wasm')`, before any tensor is on the wasm backend: in Node, threads require a
 * backend with shared memory. In a page, threads require cross-origin isolation (the headers
 * `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`). Call it again to change
 * the number of threads.
 *
 * @returns the enabled features; one thread if the page allows no more
 * @throws ConfigError for options out of range, for `relaxedSimd: true` if the engine has none, or if tensors are on a
 *   backend without shared memory
 * @throws WorkerError if a thread does not start
 */
export async function enableWasmTraining(options: WasmTrainingOptions = {}): Promise<WasmTraining> {
  const { threads = 1, relaxedSimd = 'auto' } = options;
  checkNumber('threads', threads, { minimum: 1, maximum: maxThreads, integer: true });
  const relaxed = chooseRelaxedSimd(relaxedSimd);
  if (threads > 1 && nodeThreads()) replaceUnsharedBackend();
  bootSpareWorkers(threads - 1);
  try {
    return await enable(threads, relaxed);
  } finally {
    await endSpareWorkers();
  }
}

async function enable(threads: number, relaxed: boolean): Promise<WasmTraining> {
  if (!(await tf.setBackend(backendName))) throw new ConfigError('The wasm backend did not start.');
  const backend = tf.backend() as unknown as WasmBackend;
  const native = await chooseNativeModule(backend, relaxed);
  const sharedMemory = backendHeap(backend)?.isShared ?? false;
  const notes: string[] = [];
  if (!native) notes.push('This engine has no WebAssembly SIMD: the TypeScript versions of the kernels run.');
  else if (threads > 1 && !sharedMemory) {
    notes.push(
      'One thread only: the page is not cross-origin isolated. Serve it with the headers Cross-Origin-Opener-Policy: ' +
        'same-origin and Cross-Origin-Embedder-Policy: require-corp, and do not set the binary with setWasmPath.',
    );
  }
  await native?.setThreads(sharedMemory ? threads : 1);
  return { ...describeNative(backend), sharedMemory, notes };
}

/** Ends the worker threads. The kernels continue on one thread. A process may exit without this call. */
export async function disableWasmTraining(): Promise<void> {
  const backend = registeredBackend();
  if (backend) await nativeModule(backend)?.setThreads(1);
}

function chooseRelaxedSimd(requested: 'auto' | boolean): boolean {
  if (requested !== 'auto' && typeof requested !== 'boolean') {
    throw new ConfigError(`relaxedSimd is ${String(requested)}, but must be 'auto', true or false.`);
  }
  if (requested === false) return false;
  const allowed = allowRelaxedSimd();
  if (requested === true && !allowed) {
    throw new ConfigError('This engine has no relaxed SIMD, which needs Node 20 or later.', {
      advice: { option: 'relaxedSimd', text: "Use relaxedSimd 'auto' or false." },
    });
  }
  return allowed;
}

/** Replaces the registered backend with one on shared memory, which Node requires for threads. */
function replaceUnsharedBackend(): void {
  const present = registeredBackend();
  if (present && backendHeap(present)?.isShared) return;
  const count = present ? (present as unknown as tf.KernelBackend).numDataIds() : 0;
  if (count > 0) {
    throw new ConfigError(
      `${count} ${count === 1 ? 'tensor is' : 'tensors are'} on the wasm backend, whose memory threads cannot share, so the ` +
        'backend must be replaced. Call enableWasmTraining in place of tf.setBackend, before the first tensor on wasm, or ' +
        'dispose of the tensors.',
    );
  }
  tf.removeBackend(backendName);
  tf.registerBackend(backendName, makeSharedBackend, 2);
}

/** Returns the wasm backend if it has started. */
function registeredBackend(): WasmBackend | undefined {
  return tf.engine().registry[backendName] as unknown as WasmBackend | undefined;
}
