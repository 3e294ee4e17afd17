import { unitEmbedding } from '@openset/verify';

/**
 * Returns the mean of the embeddings of a person at unit length. Every store computes it in this way, so that they agree bit for bit.
 * @param embeddings `[embeddingSize]` each, at unit length, in order of enrollment; at least one
 * @throws DataError if they cancel each other out
 */
export function meanTemplate(name: string, embeddings: readonly Float32Array[]): Float32Array {
  const sum = new Float64Array(embeddings[0]!.length);
  for (const embedding of embeddings) for (let k = 0; k < sum.length; k++) sum[k]! += embedding[k]!;
  return unitEmbedding(`The mean embedding of '${name}'`, sum, sum.length);
}
