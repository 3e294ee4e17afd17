/** Largest compression ratio of deflate. */
const largestCompression = 1032;
/** Bytes beyond the expected ones that are tolerated. */
const slack = 2 ** 16;

/**
 * Inflates zlib data of a known size.
 *
 * @param what names the data in errors
 * @returns `size` bytes
 * @throws Error if the data is damaged, holds less, or much more, as files do that are made to exhaust memory
 */
export async function inflate(parts: readonly Uint8Array[], size: number, what: string): Promise<Uint8Array> {
  const compressed = parts.reduce((sum, { length }) => sum + length, 0);
  if (compressed * largestCompression < size) throw new Error(`${what} is truncated`);
  const output = new Uint8Array(size);
  const stream = new Blob(parts as Uint8Array<ArrayBuffer>[]).stream();
  const reader = stream.pipeThrough(new DecompressionStream('deflate')).getReader();
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (total < size) output.set(value.subarray(0, size - total), total);
    total += value.length;
    if (total > size + slack) {
      await reader.cancel();
      throw new Error(`${what} inflates to more than the ${size} bytes that the dimensions allow`);
    }
  }
  if (total < size) throw new Error(`${what} is truncated`);
  return output;
}
