import type { BlockProduct } from './block-product.ts';
import { checkSameLength, checkWhole } from './checks.ts';
import { MetricsError } from './metrics-error.ts';

/**
 * Receives the scores of one row of `a` with consecutive rows of `b`: `scores[start]` belongs to row `firstColumn`,
 * `scores[end - 1]` to row `firstColumn + end - 1 - start`. The scores are valid only during the call.
 */
export type VisitScores = (
  scores: Float32Array,
  start: number,
  end: number,
  row: number,
  firstColumn: number,
) => void;

/** Two sets of unit rows, or one set with itself, and the options of a scan over their pairs. */
export interface PairScan {
  /** Name of the public function, for error messages. */
  readonly caller: string;
  /** `[rowsA, size]` */
  readonly a: Float32Array;
  /** `[rowsB, size]`; default: each unordered pair within `a` once, with the later row as column */
  readonly b?: Float32Array | undefined;
  readonly size: number;
  readonly multiply: BlockProduct;
  readonly blockRows: number;
  /** Returns whether to skip a block: rows `[row, rowEnd)` of `a`, `[column, columnEnd)` of `b`. */
  readonly skip?: (row: number, rowEnd: number, column: number, columnEnd: number) => boolean;
}

/** Largest magnitude of a cosine of unit rows in float32, with room for less exact arithmetic. */
export const largestCosine = 1.001;

/**
 * Visits the scores of all pairs, one block at a time.
 * @throws MetricsError if `blockRows` is not a whole number above 0, or the product has the wrong length
 */
export function scanPairs(scan: PairScan, visit: VisitScores): void {
  const { caller, a, b = a, size, multiply, blockRows, skip } = scan;
  checkWhole(`${caller}: blockRows`, blockRows, 1);
  const within = scan.b === undefined;
  const rowsA = a.length / size;
  const rowsB = b.length / size;
  for (let row = 0; row < rowsA; row += blockRows) {
    const rowEnd = Math.min(row + blockRows, rowsA);
    for (let column = within ? row : 0; column < rowsB; column += blockRows) {
      const columnEnd = Math.min(column + blockRows, rowsB);
      if (skip?.(row, rowEnd, column, columnEnd)) continue;
      const [rows, columns] = [rowEnd - row, columnEnd - column];
      const scores = multiply(
        a.subarray(row * size, rowEnd * size),
        b.subarray(column * size, columnEnd * size),
        rows,
        columns,
        size,
      );
      const shape = `a product of ${rows} × ${columns} rows`;
      checkSameLength(`${caller}: the result of multiply`, scores.length, shape, rows * columns);
      for (let i = 0; i < rows; i++) {
        // In diagonal blocks of one set, only columns after the row.
        const from = within ? Math.max(0, row + i + 1 - column) : 0;
        if (from < columns) {
          visit(scores, i * columns + from, (i + 1) * columns, row + i, column + from);
        }
      }
    }
  }
}

/**
 * Checks that a score may be a cosine.
 * @throws MetricsError if it is NaN or out of range
 */
export function requireCosine(caller: string, score: number): void {
  if (!(Math.abs(score) <= largestCosine)) throw cosineError(caller, score);
}

/** Returns the error for a score that is not a cosine. */
export function cosineError(caller: string, score: number): MetricsError {
  return new MetricsError(
    `${caller}: multiply returned ${score}, but products of unit rows are in [-1, 1]. Check that it computes a · bᵀ.`,
  );
}
