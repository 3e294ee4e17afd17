import { WorkerError } from '@openset/core';
import { nodeThreads } from './node-modules.ts';

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
 * @param onEnd told why, when the worker ends for whatever reason
 * @throws WorkerError if it does not start
 */
export async function startWorker(
  start: WorkerStart,
  onEnd: (reason: string) => void,
): Promise<KernelWorker> {
  const threads = nodeThreads();
  try {
    return await (threads ? startInNode(threads, start, onEnd) : startInBrowser(start, onEnd));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WorkerError(`A worker thread of the wasm kernels did not start: ${reason}.`, { cause: error });
  }
}

function startInNode(
  { Worker }: NonNullable<ReturnType<typeof nodeThreads>>,
  start: WorkerStart,
  onEnd: (reason: string) => void,
): Promise<KernelWorker> {
  return new Promise((resolve, reject) => {
    // Without the loaders and inspectors that the program itself may run under.
    const worker = new Worker(source, {
      eval: true,
      workerData: start,
      execArgv: [],
      name: 'openset kernels',
    });
    let reason: unknown;
    worker.on('error', (error) => {
      reason = error;
    });
    worker.once('exit', (code) => {
      reason ??= `it ended with code ${code}`;
      reject(reason);
      onEnd(reason instanceof Error ? reason.message : String(reason));
    });
    worker.once('message', () => {
      worker.unref();
      resolve(worker);
    });
  });
}

function startInBrowser(start: WorkerStart, onEnd: (reason: string) => void): Promise<KernelWorker> {
  const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  return new Promise<KernelWorker>((resolve, reject) => {
    const worker = new Worker(address);
    worker.onerror = ({ message }) => {
      reject(message || 'a Content-Security-Policy may lack worker-src blob:');
      onEnd(message);
    };
    worker.onmessage = () => resolve({ terminate: async () => worker.terminate() });
    worker.postMessage(start);
  }).finally(() => URL.revokeObjectURL(address));
}
