import type { BlockProduct } from './block-product.ts';
import { checkSameLength, checkWhole } from './checks.ts';
import { MetricsError } from './metrics-error.ts';

/**
 * Takes the scores of one row of `a` with consecutive rows of `b`: `scores[start]` is with `firstColumn`,
 * `scores[end - 1]` with `firstColumn + end - 1 - start`. The scores are gone after the call.
 */
export type VisitScores = (
  scores: Float32Array,
  start: number,
  end: number,
  row: number,
  firstColumn: number,
) => void;

/** Two sets of unit rows, or one with itself, and how to go through their pairs. */
export interface PairScan {
  /** Who asks, for messages. */
  readonly caller: string;
  /** `[rowsA, size]` */
  readonly a: Float32Array;
  /** `[rowsB, size]`; absent: pairs within `a`, each once, the later row as column */
  readonly b?: Float32Array | undefined;
  readonly size: number;
  readonly multiply: BlockProduct;
  readonly blockRows: number;
  /** Says which blocks to leave out: rows `[row, rowEnd)` of `a`, `[column, columnEnd)` of `b`. */
  readonly skip?: (row: number, rowEnd: number, column: number, columnEnd: number) => boolean;
}

/** Cosines of unit rows in float32 or less exact arithmetic may leave [-1, 1], but not by more. */
export const largestCosine = 1.001;

/**
 * Goes through all pairs, block by block, without holding more than one block of scores.
 * @throws MetricsError if `blockRows` is not a whole number above 0 or the product answers with a wrong length
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
        // On the diagonal blocks of one set: only columns after the row.
        const from = within ? Math.max(0, row + i + 1 - column) : 0;
        if (from < columns) {
          visit(scores, i * columns + from, (i + 1) * columns, row + i, column + from);
        }
      }
    }
  }
}

/** The error for a score that no product of unit rows can have. */
export function badScore(caller: string, score: number): MetricsError {
  return new MetricsError(
    `${caller}: multiply answered with ${score}, but products of unit rows lie in [-1, 1]: check that it computes ` +
      'a · bᵀ of the rows it is given.',
  );
}
