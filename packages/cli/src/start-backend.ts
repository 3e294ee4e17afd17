import { availableParallelism } from 'node:os';
import {
  type BackendName,
  defaultBackend,
  maximumThreads,
  type RunningBackend,
  useBackend,
} from './backends.ts';
import type { Output } from './output.ts';

/** Options of every command that runs on a backend. */
export interface BackendChoice {
  /** Backend to use; default: the fastest that is installed. */
  readonly backend?: BackendName | undefined;
  /** Number of threads; default: one for each core, at most 64 for `wasm`. */
  readonly threads?: number | undefined;
}

/**
 * Starts the chosen backend and prints its notes.
 * @throws ConfigError if the backend is not installed or does not start
 */
export async function startBackend(choice: BackendChoice, output: Output): Promise<RunningBackend> {
  const { backend = defaultBackend(), threads = defaultThreads(backend) } = choice;
  const running = await useBackend(backend, { threads });
  for (const line of running.notes) output.note(line);
  return running;
}

/** Returns one thread for each core, up to the backend's limit. */
export function defaultThreads(backend: BackendName, cores = availableParallelism()): number {
  return backend === 'wasm' ? Math.min(maximumThreads, cores) : cores;
}

/** Describes a backend: `wasm, 2 threads`. */
export function backendText({ name, threads }: Pick<RunningBackend, 'name' | 'threads'>): string {
  if (threads === null) return name;
  return `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}
