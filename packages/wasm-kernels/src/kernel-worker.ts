import { WorkerError } from '@openset/core';
import { nodeThreads } from './node-modules.ts';

/** Start data of a worker. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Addresses of the pool's control block and of the worker's scratch memory. */
  readonly control: number;
  readonly scratch: number;
  /** Number of checks for work before an idle worker sleeps. */
  readonly spins: number;
}

/** A running worker. */
export interface KernelWorker {
  /** Ends the worker, even in the middle of a chunk. */
  terminate(): Promise<unknown>;
}

/**
 * Source of a worker's program. As text, it needs no file that bundlers must move, and no build or test runner changes
 * it. A worker never returns to its event loop, so it reports that it is ready before it serves.
 */
const source = `
const start = ({ module, memory, control, scratch, spins }, ready) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  ready();
  exports.serve(control, scratch, spins);
};
if (typeof require === 'function') {
  const { parentPort } = require('node:worker_threads');
  parentPort.once('message', (data) => start(data, () => parentPort.postMessage('ready')));
} else {
  self.onmessage = ({ data }) => start(data, () => self.postMessage('ready'));
}`;

/** A worker of Node that waits for its start data. */
interface SpareWorker {
  readonly worker: InstanceType<NonNullable<ReturnType<typeof nodeThreads>>['Worker']>;
  /** Resolves with the reason when the worker ends. */
  readonly end: Promise<unknown>;
}

let spares: SpareWorker[] = [];

/**
 * Begins to boot workers of Node, which `startWorker` takes later. That takes 40 ms in which the program can prepare the memory.
 * Outside Node, it does nothing.
 */
export function bootSpareWorkers(count: number): void {
  const threads = nodeThreads();
  if (threads) spares = Array.from({ length: count }, () => spares.pop() ?? bootInNode(threads));
}

/** Ends the workers that `startWorker` has not taken. */
export async function endSpareWorkers(): Promise<void> {
  await Promise.all(spares.splice(0).map(({ worker }) => worker.terminate()));
}

/**
 * Starts a worker and waits until it is ready. A worker does not keep a Node process alive.
 *
 * @param onEnd called with the reason when the worker ends
 * @throws WorkerError if the worker does not start
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

function bootInNode({ Worker }: NonNullable<ReturnType<typeof nodeThreads>>): SpareWorker {
  // An empty `execArgv` keeps loaders and inspectors of the program out of the worker.
  const worker = new Worker(source, { eval: true, execArgv: [], name: 'openset kernels' });
  let reason: unknown;
  worker.on('error', (error) => {
    reason = error;
  });
  const end = new Promise((resolve) => {
    worker.once('exit', (code) => resolve(reason ?? `it ended with code ${code}`));
  });
  return { worker, end };
}

function startInNode(
  threads: NonNullable<ReturnType<typeof nodeThreads>>,
  start: WorkerStart,
  onEnd: (reason: string) => void,
): Promise<KernelWorker> {
  const { worker, end } = spares.pop() ?? bootInNode(threads);
  return new Promise((resolve, reject) => {
    end.then((reason) => {
      reject(reason);
      onEnd(reason instanceof Error ? reason.message : String(reason));
    });
    worker.once('message', () => {
      worker.unref();
      resolve(worker);
    });
    try {
      worker.postMessage(start);
    } catch (error) {
      reject(error);
      void worker.terminate();
    }
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
