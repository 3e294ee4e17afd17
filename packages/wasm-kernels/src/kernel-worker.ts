import { WorkerError } from '@openset/core';
import { nodeModule } from './node-modules.ts';

/** What a worker needs: the compiled kernels, the memory, and its places there. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly scratch: number;
  /** How often a worker without work looks for some before it sleeps. */
  readonly spins: number;
}

/** A running worker. */
export interface KernelWorker {
  /** Ends it at once. */
  terminate(): Promise<unknown>;
}

/**
 * The program of a worker, as text: bundlers find no worker file to move, and a build or a test runner adds nothing to it.
 * It never comes back to its event loop, so the message has to be sent before.
 */
const source = `
const start = ({ module, memory, control, scratch, spins }, ready) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  ready();
  exports.serve(control, scratch, spins);
};
if (typeof require === 'function') {
  const { parentPort, workerData } = require('node:worker_threads');
  start(workerData, () => parentPort.postMessage('ready'));
} else {
  self.onmessage = ({ data }) => start(data, () => self.postMessage('ready'));
}`;

/**
 * Starts a worker and waits until it serves. In Node the process does not wait for it when it ends.
 * @param onEnd called when the worker ends for whatever reason
 * @throws WorkerError if it does not start
 */
export function startWorker(start: WorkerStart, onEnd: () => void): Promise<KernelWorker> {
  const threads = nodeModule('node:worker_threads');
  return threads ? startInNode(threads, start, onEnd) : startInBrowser(start, onEnd);
}

function startInNode(
  { Worker }: typeof import('node:worker_threads'),
  start: WorkerStart,
  onEnd: () => void,
): Promise<KernelWorker> {
  return new Promise((resolve, reject) => {
    // Without the loaders and inspectors that the program itself may run under.
    const worker = new Worker(source, { eval: true, workerData: start, execArgv: [], name: 'openset kernels' });
    const fail = (reason: unknown) => reject(startError(reason));
    worker.once('error', fail);
    worker.once('exit', (code) => {
      fail(`it ended with code ${code}`);
      onEnd();
    });
    worker.once('message', () => {
      worker.unref();
      resolve(worker);
    });
  });
}

function startInBrowser(start: WorkerStart, onEnd: () => void): Promise<KernelWorker> {
  const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  return new Promise<KernelWorker>((resolve, reject) => {
    const worker = new Worker(address);
    worker.onerror = ({ message }) => {
      reject(startError(message || 'a Content-Security-Policy may lack worker-src blob:'));
      onEnd();
    };
    worker.onmessage = () => resolve({ terminate: async () => worker.terminate() });
    worker.postMessage(start);
  }).finally(() => URL.revokeObjectURL(address));
}

function startError(reason: unknown): WorkerError {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new WorkerError(`A worker thread of the wasm kernels did not start: ${text}.`, { cause: reason });
}
