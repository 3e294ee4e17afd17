/** Rows of a block; 64 rows of 256 values stay in the processor's cache. */
const blockRows = 64;

/** Number of columns after which a comparison checks whether the rows are already too far apart. */
const strideColumns = 8;

/**
 * Visits all pairs of unit rows with at least a cosine, `first < second`. Holds no matrix of pairs. Most comparisons stop
 * after a few columns: `|a − b|² = 2 − 2 cos`, and the squared distance only grows with every column.
 *
 * @param rows `[count, size]`, row-major; each row has unit length
 * @param minimum lowest cosine, such as 0.99; the closer to 1, the faster
 * @param onProgress called with the number of rows that are compared with all later ones, and the number of all rows
 */
export function visitNearRows(
  rows: Float32Array,
  size: number,
  minimum: number,
  visit: (first: number, second: number, cosine: number) => void,
  onProgress: (done: number, total: number) => void = () => {},
): void {
  const count = rows.length / size;
  const limit = 2 - 2 * minimum;
  for (let start = 0; start < count; start += blockRows) {
    const end = Math.min(start + blockRows, count);
    for (let second = start + 1; second < count; second++) {
      const last = Math.min(end, second);
      for (let first = start; first < last; first++) {
        const distance = squaredDistance(rows, first * size, second * size, size, limit);
        if (distance <= limit) visit(first, second, 1 - distance / 2);
      }
    }
    onProgress(end, count);
  }
}

/** Returns the squared distance of two rows, or a part of it that is above the limit. */
function squaredDistance(rows: Float32Array, a: number, b: number, size: number, limit: number): number {
  let distance = 0;
  for (let column = 0; column < size; ) {
    const end = Math.min(column + strideColumns, size);
    for (; column < end; column++) {
      const difference = rows[a + column]! - rows[b + column]!;
      distance += difference * difference;
    }
    if (distance > limit) return distance;
  }
  return distance;
}
