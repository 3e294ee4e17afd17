import { countRows } from './checks.ts';
import { MetricsError } from './metrics-error.ts';

/**
 * Returns embeddings at unit length, as float32: dot products of such rows are cosines. Does not overflow or underflow for
 * any finite row except zeros.
 *
 * @param embeddings `[rows, size]`, row-major; not changed
 * @param size the embedding size, at least 1
 * @param name subject of error messages
 * @returns `[rows, size]`
 * @throws MetricsError if the values do not fill whole rows, or a row contains NaN, an infinity, or only zeros
 */
export function unitRows(
  embeddings: ArrayLike<number>,
  size: number,
  name = 'unitRows: embeddings',
): Float32Array<ArrayBuffer> {
  countRows(name, embeddings, size);
  const unit = new Float32Array(embeddings.length);
  for (let start = 0; start < unit.length; start += size) {
    let largest = 0;
    for (let index = start; index < start + size; index++) {
      const value = embeddings[index]!;
      if (!Number.isFinite(value)) {
        throw new MetricsError(
          `${name}: row ${start / size}, column ${index - start} is ${String(value)}, but must be a finite number.`,
        );
      }
      largest = Math.max(largest, Math.abs(value));
    }
    if (largest === 0) {
      throw new MetricsError(`${name}: row ${start / size} is all zeros, so it has no direction: remove it.`);
    }
    // Divide by the largest magnitude first, so that no square overflows or underflows.
    let squares = 0;
    for (let index = start; index < start + size; index++) squares += (embeddings[index]! / largest) ** 2;
    const length = Math.sqrt(squares);
    for (let index = start; index < start + size; index++) {
      unit[index] = embeddings[index]! / largest / length;
    }
  }
  return unit;
}
