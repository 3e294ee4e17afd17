import { ConfigError, checkNumber, type EmbeddingEngine } from '@openset/core';
import type { OnnxSource } from '../export-options.ts';
import { onnxEngine } from './onnx-engine.ts';
import type { OnnxRuntime } from './onnx-runtime.ts';

/** Options of `nodeOnnxEngine`. */
export interface NodeOnnxEngineOptions {
  /** Number of threads; default: those that onnxruntime chooses, one for each core. */
  readonly threads?: number;
}

/**
 * Opens a network in `onnxruntime-node`, as `onnxEngine` does. The package is an optional peer of this one.
 * @throws ConfigError with the install command if the package is not installed or does not start; the errors of `onnxEngine`
 */
export async function nodeOnnxEngine(
  source: OnnxSource,
  { threads }: NodeOnnxEngineOptions = {},
): Promise<EmbeddingEngine> {
  if (threads !== undefined) checkNumber('nodeOnnxEngine: threads', threads, { minimum: 1, integer: true });
  const { runtime } = await loadNodeRuntime();
  return onnxEngine(source, {
    runtime,
    session: threads === undefined ? {} : { intraOpNumThreads: threads, interOpNumThreads: 1 },
  });
}

/** `onnxruntime-node`, loaded. */
export interface NodeRuntime {
  /** The module, for `onnxEngine`. */
  readonly runtime: OnnxRuntime;
  /** Version of onnxruntime: `1.30.0`. */
  readonly version: string;
}

/**
 * Loads `onnxruntime-node`.
 * @param load loads the module; replaced in tests
 * @throws ConfigError with the install command if the package is not installed or does not start
 */
export async function loadNodeRuntime(
  load: () => Promise<unknown> = () => import('onnxruntime-node'),
): Promise<NodeRuntime> {
  try {
    const runtime = (await load()) as OnnxRuntime & { readonly env: { readonly versions: { node: string } } };
    return { runtime, version: runtime.env.versions.node };
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new ConfigError(
      `The engine onnxruntime needs the package onnxruntime-node: npm install onnxruntime-node. (${reason})`,
      { cause: error },
    );
  }
}
