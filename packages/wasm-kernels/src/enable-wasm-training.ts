import { ConfigError, checkNumber } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { backendHeap } from './backend-internals.ts';
import { allowRelaxedSimd } from './kernel-modules.ts';
import { chooseNativeModule, describeNative, nativeModule } from './native-module.ts';
import { nodeThreads } from './node-modules.ts';
import { makeSharedBackend } from './shared-backend.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** Options of {@link enableWasmTraining}. */
export interface WasmTrainingOptions {
  /** Threads that compute, the calling one among them; default 1. More than the machine has cores are of no use. */
  readonly threads?: number;
  /**
   * Fused multiply-add. `'auto'` (default): where the engine has it. Results differ from those without it in the last
   * digits, so choose `false` (or `true`) where they are to be the same on all machines.
   */
  readonly relaxedSimd?: 'auto' | boolean;
}

/** What {@link enableWasmTraining} switched on. */
export interface WasmTraining {
  /** 1 where the page or the engine allows no more; `notes` then says why. */
  readonly threads: number;
  /** False: the kernels in TypeScript run, on one thread. */
  readonly simd: boolean;
  readonly relaxedSimd: boolean;
  /** Whether the heap of the backend is a `SharedArrayBuffer`. */
  readonly sharedMemory: boolean;
  /** Why less was switched on than was asked for. */
  readonly notes: readonly string[];
}

const backendName = 'wasm';
const mostThreads = 64;

/**
 * Makes `'wasm'` the backend, with the compiled kernels on several threads and with fused multiply-add. Results do not
 * depend on the number of threads.
 *
 * Call it before anything is on the wasm backend, in place of `tf.setBackend('wasm')`: in Node, threads take a backend
 * with shared memory. In a page, threads need cross-origin isolation (the headers `Cross-Origin-Opener-Policy:
 * same-origin` and `Cross-Origin-Embedder-Policy: require-corp`). Call it again to change the number of threads.
 *
 * @returns what was switched on; fewer threads than asked for where the page allows no more
 * @throws ConfigError for options out of range, `relaxedSimd: true` where the engine has none, or tensors that lie on a
 *   backend without shared memory
 * @throws WorkerError if a thread does not start
 */
export async function enableWasmTraining(options: WasmTrainingOptions = {}): Promise<WasmTraining> {
  const { threads = 1, relaxedSimd = 'auto' } = options;
  checkNumber('threads', threads, { minimum: 1, maximum: mostThreads, integer: true });
  const relaxed = chooseRelaxedSimd(relaxedSimd);
  if (threads > 1 && nodeThreads()) replaceUnsharedBackend();
  if (!(await tf.setBackend(backendName))) throw new ConfigError('The wasm backend did not start.');
  const backend = tf.backend() as unknown as WasmBackend;
  const native = await chooseNativeModule(backend, relaxed);
  const sharedMemory = backendHeap(backend)?.isShared ?? false;
  const notes: string[] = [];
  if (!native) notes.push('This engine has no WebAssembly SIMD: the kernels in TypeScript run.');
  else if (threads > 1 && !sharedMemory) {
    notes.push(
      'One thread only: the page is not isolated across origins. Serve it with the headers Cross-Origin-Opener-Policy: ' +
        'same-origin and Cross-Origin-Embedder-Policy: require-corp, and do not name the binary with setWasmPath.',
    );
  }
  await native?.setThreads(sharedMemory ? threads : 1);
  return { ...describeNative(backend), sharedMemory, notes };
}

/**
 * Ends the worker threads; the kernels go on with one thread. A process ends without it, and need not wait for threads.
 */
export async function disableWasmTraining(): Promise<void> {
  const backend = registeredBackend();
  if (backend) await nativeModule(backend)?.setThreads(1);
}

function chooseRelaxedSimd(wanted: 'auto' | boolean): boolean {
  if (wanted !== 'auto' && typeof wanted !== 'boolean') {
    throw new ConfigError(`relaxedSimd must be 'auto', true or false, but is ${String(wanted)}.`);
  }
  if (wanted === false) return false;
  const allowed = allowRelaxedSimd();
  if (wanted === true && !allowed) {
    throw new ConfigError(
      "This engine has no relaxed SIMD. Use relaxedSimd 'auto' or false, or Node 20 or later.",
    );
  }
  return allowed;
}

/** Node: puts a backend on shared memory in the place of the registered one. */
function replaceUnsharedBackend(): void {
  const present = registeredBackend();
  if (present && backendHeap(present)?.isShared) return;
  const count = present ? (present as unknown as tf.KernelBackend).numDataIds() : 0;
  if (count > 0) {
    throw new ConfigError(
      `${count} tensors lie on the wasm backend, whose memory threads cannot share, and the backend has to be replaced. ` +
        'Call enableWasmTraining before the first tensor is made on wasm, in place of tf.setBackend, or dispose of them.',
    );
  }
  tf.removeBackend(backendName);
  tf.registerBackend(backendName, makeSharedBackend, 2);
}

/** The wasm backend, if it has started. */
function registeredBackend(): WasmBackend | undefined {
  return tf.engine().registry[backendName] as unknown as WasmBackend | undefined;
}
