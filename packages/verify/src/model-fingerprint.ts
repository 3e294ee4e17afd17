import { ConfigError } from '@openset/core';
import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import type { ModelDescription } from './model-file.ts';

/** The part of a model's description that changes embeddings. */
export type EmbeddingDescription = Pick<ModelDescription, 'backbone' | 'flipSum' | 'orientation' | 'crop'>;

/**
 * Returns a hash of everything that changes an embedding: configuration and weights of the network, mirrored images, orientation and
 * crop. Thresholds and calibrations do not count, so a calibrated copy of a model keeps its fingerprint and its galleries.
 * @param state `backbone.getState()`; the caller disposes of it
 * @returns SHA-256 as 64 hexadecimal digits
 * @throws ConfigError in a page that is neither on https nor on localhost, which has no hash function
 */
export async function modelFingerprint(
  { backbone, flipSum = true, orientation, crop }: EmbeddingDescription,
  state: NamedTensorMap,
): Promise<string> {
  const tensors: [name: string, shape: readonly number[], digest: string][] = [];
  for (const [name, tensor] of Object.entries(state).sort(([a], [b]) => (a < b ? -1 : 1))) {
    tensors.push([name, tensor.shape, await sha256(Float32Array.from(await tensor.data()))]);
  }
  const description = { backbone, flipSum, orientation: orientation ?? null, crop: crop ?? null };
  return sha256(new TextEncoder().encode(sortedJson({ ...description, tensors })));
}

/** Returns JSON with sorted keys, which is the same for equal values. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

async function sha256(bytes: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle)
    throw new ConfigError('This page has no crypto.subtle: serve it over https, or from localhost.');
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
