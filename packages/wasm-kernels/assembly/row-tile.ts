// Products of operands that are rows in memory: `A · B` with the rows of A, and `Aᵀ · B`. Where they come out of another
// step row by row, as in convolutions, this saves the transposition into panels.
import { at, minimum, multiplyAdd, multiplyTiles, tileColumns } from './tile';

/** Rows of a tile of `Aᵀ · B`, whose sums are short: fewer of them are wasted at the edges than of a larger tile. */
const transposedRows: i32 = 4;

/** `C = A · B` or `C += A · B` for rows of A and packed panels of 8 columns of B. */
export function multiplyRows(
  rows: i32,
  columns: i32,
  inner: i32,
  a: usize,
  aRowBytes: usize,
  b: usize,
  bPanelBytes: usize,
  c: usize,
  rowBytes: usize,
  accumulate: bool,
  scratch: usize,
): void {
  const bInnerBytes = at(tileColumns);
  multiplyTiles(
    rows, columns, inner, a, aRowBytes, 4, b, bInnerBytes, bPanelBytes, c, rowBytes, accumulate, scratch,
  );
}

/** One tile of 4 × 8 of operands of which each step lies `aStep` and `bStep` bytes after the one before. */
function transposedTile(
  inner: i32,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  rowBytes: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
  scratch: usize,
): void {
  const zero = f32x4.splat(0);
  let c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero;
  while (true) {
    let b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (inner == 1) break;
    a += aStep;
    b += bStep;
    b0 = v128.load(b); b1 = v128.load(b, 16);
    x = v128.load32_splat(a);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (inner == 2) break;
    a += aStep;
    b += bStep;
    b0 = v128.load(b); b1 = v128.load(b, 16);
    x = v128.load32_splat(a);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (inner == 3) break;
    a += aStep;
    b += bStep;
    b0 = v128.load(b); b1 = v128.load(b, 16);
    x = v128.load32_splat(a);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (inner == 4) break;
    a += aStep;
    b += bStep;
    inner -= 4;
  }
  storeTile(c00, c01, c10, c11, c20, c21, c30, c31, c, rowBytes, rows, columns, accumulate, scratch);
}

/** Writes what lies inside of a micro-tile. */
// @ts-ignore: decorator
@inline
function storeTile(
  c00: v128,
  c01: v128,
  c10: v128,
  c11: v128,
  c20: v128,
  c21: v128,
  c30: v128,
  c31: v128,
  c: usize,
  rowBytes: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
  scratch: usize,
): void {
  if (rows == transposedRows && columns == tileColumns) {
    storeRow(c, c00, c01, accumulate);
    storeRow(c + rowBytes, c10, c11, accumulate);
    storeRow(c + 2 * rowBytes, c20, c21, accumulate);
    storeRow(c + 3 * rowBytes, c30, c31, accumulate);
    return;
  }
  // At the edge the tile goes through scratch memory, and only what lies inside is copied.
  storeRow(scratch, c00, c01, false);
  storeRow(scratch + 32, c10, c11, false);
  storeRow(scratch + 64, c20, c21, false);
  storeRow(scratch + 96, c30, c31, false);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const target = c + <usize>i * rowBytes + at(j);
      const value = load<f32>(scratch + at(i * tileColumns + j));
      store<f32>(target, accumulate ? load<f32>(target) + value : value);
    }
  }
}

// @ts-ignore: decorator
@inline
function storeRow(target: usize, left: v128, right: v128, accumulate: bool): void {
  v128.store(target, accumulate ? f32x4.add(v128.load(target), left) : left);
  v128.store(target, accumulate ? f32x4.add(v128.load(target, 16), right) : right, 16);
}

/**
 * `C = Aᵀ · B` or `C += Aᵀ · B` with rows of A, and B in panels of 8 columns. Both are read in whole tiles: up to 12 and 28
 * bytes behind the last row and column must be memory.
 */
export function multiplyTransposed(
  rows: i32,
  columns: i32,
  inner: i32,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  bPanelBytes: usize,
  c: usize,
  rowBytes: usize,
  accumulate: bool,
  scratch: usize,
): void {
  for (let j = 0; j < columns; j += tileColumns) {
    const width = minimum(tileColumns, columns - j);
    let target = c + at(j);
    for (let i = 0; i < rows; i += transposedRows) {
      const height = minimum(transposedRows, rows - i);
      transposedTile(inner, a + at(i), aStep, b, bStep, target, rowBytes, height, width, accumulate, scratch);
      target += <usize>transposedRows * rowBytes;
    }
    b += bPanelBytes;
  }
}
