import { checkNotEmpty, checkWhole } from './checks.ts';
import { MetricsError } from './metrics-error.ts';

/**
 * Embeddings divided by their lengths, as float32: dot products of such rows are cosines. Safe for every finite row
 * but zeros, however large or small its numbers.
 *
 * @param embeddings `[rows, size]`, row-major; not changed
 * @param size the embedding size, at least 1
 * @param name what to call the embeddings in messages
 * @returns `[rows, size]`
 * @throws MetricsError if there is no whole number of rows, or a row holds NaN, an infinity, or zeros only
 */
export function unitRows(
  embeddings: ArrayLike<number>,
  size: number,
  name = 'unitRows: embeddings',
): Float32Array<ArrayBuffer> {
  checkWhole(`${name}: size`, size, 1);
  checkNotEmpty(name, embeddings);
  if (embeddings.length % size !== 0) {
    throw new MetricsError(
      `${name} has ${embeddings.length} elements, which is no whole number of rows of ${size}.`,
    );
  }
  const unit = new Float32Array(embeddings.length);
  for (let start = 0; start < unit.length; start += size) {
    let largest = 0;
    for (let place = start; place < start + size; place++) {
      const value = embeddings[place]!;
      if (!Number.isFinite(value)) {
        throw new MetricsError(
          `${name}: row ${start / size}, column ${place - start} is ${String(value)}, but must be a finite number.`,
        );
      }
      largest = Math.max(largest, Math.abs(value));
    }
    if (largest === 0) {
      throw new MetricsError(`${name}: row ${start / size} is all zeros and has no direction: leave it out.`);
    }
    // Divided by the largest first, so that no square overflows or vanishes.
    let squares = 0;
    for (let place = start; place < start + size; place++) squares += (embeddings[place]! / largest) ** 2;
    const length = Math.sqrt(squares);
    for (let place = start; place < start + size; place++) {
      unit[place] = embeddings[place]! / largest / length;
    }
  }
  return unit;
}
