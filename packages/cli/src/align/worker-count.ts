import { availableParallelism } from 'node:os';
import { ConfigError } from '@openset/core';

/** What limits the number of worker threads. */
export interface WorkerLimits {
  /** Number of threads that the user asks for; undefined for the default. */
  readonly workers?: number | undefined;
  /** Number of threads of the backend that the user asks for; a limit on the default. */
  readonly threads?: number | undefined;
  readonly backend: string;
  /** Number of photos to align. */
  readonly photos: number;
  /** Number of processor cores; default: those of the machine. */
  readonly cores?: number;
  /** Free memory in bytes; default: that of the machine or container. */
  readonly memory?: number;
}

/** Number of photos for each worker thread from which its start is worth while. */
const photosPerWorker = 16;
/** Memory of a worker thread in bytes, with two decoded photos of 12 megapixels. */
const bytesPerWorker = 400e6;

/**
 * Returns the number of worker threads that align photos; 1: none, the calling thread does it. The default is one for each core, as
 * far as there is memory and work for them. Backends other than wasm, which may not run twice in a process, have none.
 * @throws ConfigError for workers on another backend than wasm
 */
export function chooseWorkerCount(limits: WorkerLimits): number {
  const { workers, threads, backend, photos } = limits;
  if (backend !== 'wasm') {
    if (workers === undefined || workers === 1) return 1;
    throw new ConfigError(
      `${workers} workers need the backend wasm, but the backend is ${backend}. Remove --workers, or add --backend wasm.`,
    );
  }
  if (workers !== undefined) return workers;
  const { cores = threads ?? availableParallelism(), memory = process.availableMemory() } = limits;
  const affordable = Math.floor(memory / bytesPerWorker);
  return Math.max(1, Math.min(cores, affordable, Math.floor(photos / photosPerWorker)));
}
