import { Worker } from 'node:worker_threads';

/** Entry points of worker threads, by their names in `dist`, with their sources. */
const sources = {
  'align-worker': '../align/align-worker.ts',
  'recognizer-worker': '../recognizer/recognizer-worker.ts',
} as const;

/**
 * Starts a worker thread from the built entry point next to this file, or inside the repository from its source.
 * @param setup `workerData` of the thread
 */
export function startWorker(entry: keyof typeof sources, setup: unknown): Worker {
  // The thread must not inherit options of this process, such as --input-type.
  const options = { workerData: setup, execArgv: [] };
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL(`./${entry}.js`, import.meta.url), options);
  }
  return new Worker(new URL('./worker-source.mjs', import.meta.url), {
    ...options,
    argv: [new URL(sources[entry], import.meta.url).href],
    execArgv: ['--conditions=@openset/source'],
  });
}
