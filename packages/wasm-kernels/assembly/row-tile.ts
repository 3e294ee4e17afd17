// Products of operands that are rows in memory: `A · B` with the rows of A, and `Aᵀ · B`. Where they come out of another
// step row by row, as in convolutions, this saves the transposition into panels, and the micro-tiles are as fast.
import { at, minimum, multiplyAdd, storeTile, tileColumns, tileRows } from './gemm';

/** `microTile` of gemm.ts with the elements of each row of A next to each other, the rows `aRowBytes` apart. */
function rowTile(
  inner: i32,
  a: usize,
  aRowBytes: usize,
  b: usize,
  c: usize,
  rowBytes: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
  scratch: usize,
): void {
  const zero = f32x4.splat(0);
  let c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero;
  // Rows that are missing read the last one again: beyond it memory may end.
  const last = rows - 1;
  let a0 = a, a1 = a + <usize>minimum(1, last) * aRowBytes;
  let a2 = a + <usize>minimum(2, last) * aRowBytes, a3 = a + <usize>last * aRowBytes;
  while (true) {
    let b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(a0);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a1);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a2);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a3);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (inner == 1) break;
    b0 = v128.load(b, 32); b1 = v128.load(b, 48);
    x = v128.load32_splat(a0, 4);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a1, 4);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a2, 4);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a3, 4);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (inner == 2) break;
    b0 = v128.load(b, 64); b1 = v128.load(b, 80);
    x = v128.load32_splat(a0, 8);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a1, 8);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a2, 8);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a3, 8);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (inner == 3) break;
    b0 = v128.load(b, 96); b1 = v128.load(b, 112);
    x = v128.load32_splat(a0, 12);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a1, 12);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a2, 12);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a3, 12);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (inner == 4) break;
    a0 += 16;
    a1 += 16;
    a2 += 16;
    a3 += 16;
    b += 128;
    inner -= 4;
  }
  storeTile(c00, c01, c10, c11, c20, c21, c30, c31, c, rowBytes, rows, columns, accumulate, scratch);
}

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
  for (let j = 0; j < columns; j += tileColumns) {
    const width = minimum(tileColumns, columns - j);
    let row = a, target = c + at(j);
    for (let i = 0; i < rows; i += tileRows) {
      const height = minimum(tileRows, rows - i);
      rowTile(inner, row, aRowBytes, b, target, rowBytes, height, width, accumulate, scratch);
      row += <usize>tileRows * aRowBytes;
      target += <usize>tileRows * rowBytes;
    }
    b += bPanelBytes;
  }
}

/** `microTile` of gemm.ts with operands of which each step lies `aStep` and `bStep` bytes after the one before. */
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
    for (let i = 0; i < rows; i += tileRows) {
      const height = minimum(tileRows, rows - i);
      transposedTile(inner, a + at(i), aStep, b, bStep, target, rowBytes, height, width, accumulate, scratch);
      target += <usize>tileRows * rowBytes;
    }
    b += bPanelBytes;
  }
}
