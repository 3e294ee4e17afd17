import { EngineError } from '@openset/core';
import type { OnnxRuntime, OnnxSession, OnnxSessionOptions } from './onnx-runtime.ts';

/**
 * Loads a file into onnxruntime from memory.
 * @throws EngineError if onnxruntime refuses it
 */
export async function createSession(
  runtime: OnnxRuntime,
  bytes: Uint8Array,
  options: OnnxSessionOptions = {},
): Promise<OnnxSession> {
  try {
    // Without its warnings, which concern graphs in general.
    return await runtime.InferenceSession.create(bytes, { logSeverityLevel: 3, ...options });
  } catch (error) {
    throw new EngineError(`onnxruntime cannot load the network: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
