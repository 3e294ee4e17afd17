/**
 * Elements of a chunk of simple work. A chunk takes about 10 µs, much longer than claiming it, and small tensors stay
 * on one thread. The size does not depend on the number of threads, so neither do the results.
 */
export const chunkElements = 32768;

/** Returns the number of chunks of `size` in `count` elements. */
export function chunksOf(count: number, size: number): number {
  return Math.ceil(count / size);
}

/** Returns the rows of a chunk, for rows of `rowElements` elements. */
export function rowsOfChunk(rowElements: number): number {
  return Math.max(1, Math.floor(chunkElements / Math.max(1, rowElements)));
}
