/**
 * Product of one block of rows with the transpose of another: `result[i, j] = a[i] · b[j]`. A comparison of all pairs
 * spends nearly all its time here, so pass the fastest product available.
 *
 * @param a `[rowsA, size]`, row-major, read only
 * @param b `[rowsB, size]`, row-major, read only
 * @returns `[rowsA, rowsB]`, row-major. The caller reads it before the next call, so an implementation may reuse it
 */
export type BlockProduct = (
  a: Float32Array,
  b: Float32Array,
  rowsA: number,
  rowsB: number,
  size: number,
) => Float32Array;

/** Rows of `b` that stay in the cache during a pass over all rows of `a`. */
const stripRows = 64;

/**
 * Block product in plain TypeScript on one core. Computes tiles of two rows by four, so each number read serves several
 * products. Sums are float64, results float32.
 */
export const plainBlockProduct: BlockProduct = (a, b, rowsA, rowsB, size) => {
  const result = new Float32Array(rowsA * rowsB);
  const wholeA = rowsA - (rowsA % 2);
  const wholeB = rowsB - (rowsB % 4);
  for (let strip = 0; strip < wholeB; strip += stripRows) {
    const stripEnd = Math.min(strip + stripRows, wholeB);
    for (let i = 0; i < wholeA; i += 2) {
      for (let j = strip; j < stripEnd; j += 4) multiplyTile(a, b, i, j, rowsB, size, result);
    }
  }
  // The edges: the last row if their number is odd, and the last columns.
  for (let i = 0; i < rowsA; i++) {
    for (let j = i < wholeA ? wholeB : 0; j < rowsB; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += a[i * size + k]! * b[j * size + k]!;
      result[i * rowsB + j] = sum;
    }
  }
  return result;
};

/** Multiplies rows `i`, `i + 1` of `a` with rows `j` … `j + 3` of `b`. */
function multiplyTile(
  a: Float32Array,
  b: Float32Array,
  i: number,
  j: number,
  rowsB: number,
  size: number,
  result: Float32Array,
): void {
  const [a0, b0] = [i * size, j * size];
  const a1 = a0 + size;
  const b1 = b0 + size;
  const b2 = b1 + size;
  const b3 = b2 + size;
  let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let k = 0; k < size; k++) {
    const x0 = a[a0 + k]!;
    const x1 = a[a1 + k]!;
    const y0 = b[b0 + k]!;
    const y1 = b[b1 + k]!;
    const y2 = b[b2 + k]!;
    const y3 = b[b3 + k]!;
    s00 += x0 * y0;
    s01 += x0 * y1;
    s02 += x0 * y2;
    s03 += x0 * y3;
    s10 += x1 * y0;
    s11 += x1 * y1;
    s12 += x1 * y2;
    s13 += x1 * y3;
  }
  const first = i * rowsB + j;
  const second = first + rowsB;
  result[first] = s00;
  result[first + 1] = s01;
  result[first + 2] = s02;
  result[first + 3] = s03;
  result[second] = s10;
  result[second + 1] = s11;
  result[second + 2] = s12;
  result[second + 3] = s13;
}
