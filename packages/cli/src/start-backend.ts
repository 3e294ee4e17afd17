import { availableParallelism } from 'node:os';
import { type BackendName, maximumThreads } from './backend-names.ts';
import { defaultBackend, type RunningBackend, useBackend } from './backends.ts';
import { type EngineChoice, resolveEngine } from './engine/engine-choice.ts';
import type { Output } from './output.ts';

/** Options of every command that runs on a backend. */
export type BackendChoice = Omit<EngineChoice, 'engine'>;

/**
 * Starts the chosen backend and prints its notes. An `--engine` that is a backend chooses it, too.
 * @param fallback backend if none is chosen; default: the fastest that is installed
 * @throws ConfigError if the backend is not installed or does not start, or if `--engine` and `--backend` name two
 */
export async function startBackend(
  choice: EngineChoice,
  output: Output,
  fallback?: BackendName,
): Promise<RunningBackend> {
  const { backend = fallback ?? defaultBackend() } = resolveEngine(choice);
  const { threads = defaultThreads(backend) } = choice;
  const running = await useBackend(backend, { threads });
  for (const line of running.notes) output.note(line);
  return running;
}

/** Returns one thread for each core, up to the backend's limit. */
export function defaultThreads(backend: BackendName, cores = availableParallelism()): number {
  return backend === 'wasm' ? Math.min(maximumThreads, cores) : cores;
}

/** Describes a backend: `wasm, 2 threads`. */
export function backendText({
  name,
  threads,
}: {
  readonly name: string;
  readonly threads: number | null;
}): string {
  if (threads === null) return name;
  return `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}
