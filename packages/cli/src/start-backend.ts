import { availableParallelism } from 'node:os';
import {
  type BackendName,
  defaultBackend,
  mostThreads,
  type RunningBackend,
  useBackend,
} from './backends.ts';
import type { Output } from './output.ts';

/** The options of every command that computes. */
export interface BackendChoice {
  /** Default the fastest that is installed. */
  readonly backend?: BackendName | undefined;
  /** Default one for each core, for `wasm` up to 64. */
  readonly threads?: number | undefined;
}

/**
 * Starts the backend that the options ask for.
 * @throws ConfigError if it is not installed, or does not start here
 */
export async function startBackend(choice: BackendChoice, output: Output): Promise<RunningBackend> {
  const { backend = defaultBackend(), threads = defaultThreads(backend) } = choice;
  const running = await useBackend(backend, { threads });
  for (const line of running.notes) output.note(line);
  return running;
}

/** One for each core, as far as the backend takes so many. */
export function defaultThreads(backend: BackendName, cores = availableParallelism()): number {
  return backend === 'wasm' ? Math.min(mostThreads, cores) : cores;
}

/** `wasm, 2 threads` */
export function backendText({ name, threads }: Pick<RunningBackend, 'name' | 'threads'>): string {
  if (threads === null) return name;
  return `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}
