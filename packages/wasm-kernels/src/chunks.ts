/**
 * Elements of a chunk of simple work, which takes a thread some 10 µs: much more than it costs to hand the chunk out, and
 * small tensors stay with one thread. It does not depend on the number of threads: nor do the results.
 */
export const chunkElements = 32768;

/** How many chunks of `size` there are in `count`. */
export function chunksOf(count: number, size: number): number {
  return Math.ceil(count / size);
}

/** Rows of a chunk, for rows of this many elements. */
export function rowsOfChunk(rowElements: number): number {
  return Math.max(1, Math.floor(chunkElements / Math.max(1, rowElements)));
}
