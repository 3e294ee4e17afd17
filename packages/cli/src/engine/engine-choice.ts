import { createRequire } from 'node:module';
import { ConfigError } from '@openset/core';
import type { BackendName } from '../backend-names.ts';
import type { EngineName } from './engine-names.ts';

/** Options of every command that embeds images on an engine of the user's choice. */
export interface EngineChoice {
  /** Backend to use; default: the fastest that is installed. */
  readonly backend?: BackendName | undefined;
  /** What computes embeddings; default: the backend if one is given, else the fastest engine that is installed. */
  readonly engine?: EngineName | undefined;
  /** Number of threads of both; default: one for each core, at most 64 for `wasm`. */
  readonly threads?: number | undefined;
}

/** What follows from the options. */
export interface ResolvedEngine {
  /** Backend for the search of faces, and for embeddings without onnxruntime; undefined: the default. */
  readonly backend: BackendName | undefined;
  /** Whether onnxruntime computes embeddings: always, never, or `'auto'`, if it is installed, pays and passes the self-check. */
  readonly onnxruntime: boolean | 'auto';
}

/**
 * Resolves `--engine` and `--backend`. A backend as engine is the backend of everything.
 * @throws ConfigError if they name two backends
 */
export function resolveEngine({ engine, backend }: Pick<EngineChoice, 'engine' | 'backend'>): ResolvedEngine {
  if (engine === undefined) return { backend, onnxruntime: backend === undefined ? 'auto' : false };
  if (engine === 'onnxruntime') return { backend, onnxruntime: true };
  if (backend !== undefined && backend !== engine) {
    throw new ConfigError(
      `--engine ${engine} and --backend ${backend} contradict each other: an engine that is a backend also searches for faces. ` +
        'Give one of them.',
    );
  }
  return { backend: engine, onnxruntime: false };
}

/** Whether `onnxruntime-node` is installed where `@openset/onnx` finds it. */
export function isOnnxRuntimeInstalled(): boolean {
  try {
    const here = createRequire(import.meta.url);
    createRequire(here.resolve('@openset/onnx/package.json')).resolve('onnxruntime-node');
    return true;
  } catch {
    return false;
  }
}
