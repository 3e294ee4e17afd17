// Products for the loss over a bank. A is read in place, by any strides; B lies in panels of 8 columns, packed once; C
// has room for whole tiles of 4 × 8, so that there are no edges. What lies beyond the matrices in C is undefined.
import { minimum, multiplyAdd } from './gemm';

/** Columns of a panel. */
export const panelColumns: i32 = 8;
/** Rows of a tile. */
export const panelRows: i32 = 4;
/** Inner elements that are done at a time: a panel of B then takes 16 kB of the level 1 cache. */
const innerBlock: i32 = 512;

// @ts-ignore: decorator
@inline
export function roundUp(value: i32, multiple: i32): i32 {
  return (value + multiple - 1) / multiple * multiple;
}

/**
 * One tile. Rows from `present` on read the last present row again: beyond it memory may end. The exit test in the
 * middle of the loop keeps V8 from hoisting its loads to the top and spilling them.
 */
function tile(
  inner: i32,
  a: usize,
  rowBytes: usize,
  innerBytes: usize,
  present: i32,
  b: usize,
  c: usize,
  cRowBytes: usize,
  accumulate: bool,
): void {
  const zero = f32x4.splat(0);
  let c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero;
  const last = minimum(present, panelRows) - 1;
  let a0 = a, a1 = a + <usize>minimum(1, last) * rowBytes;
  let a2 = a + <usize>minimum(2, last) * rowBytes, a3 = a + <usize>last * rowBytes;
  while (true) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(a0);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a1);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a2);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a3);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (--inner == 0) break;
    a0 += innerBytes;
    a1 += innerBytes;
    a2 += innerBytes;
    a3 += innerBytes;
    b += 32;
  }
  putRow(c, c00, c01, accumulate);
  putRow(c + cRowBytes, c10, c11, accumulate);
  putRow(c + 2 * cRowBytes, c20, c21, accumulate);
  putRow(c + 3 * cRowBytes, c30, c31, accumulate);
}

// @ts-ignore: decorator
@inline
function putRow(target: usize, left: v128, right: v128, accumulate: bool): void {
  v128.store(target, accumulate ? f32x4.add(v128.load(target), left) : left);
  v128.store(target, accumulate ? f32x4.add(v128.load(target, 16), right) : right, 16);
}

/** `C = A · B`, or `C += A · B`; element (i, k) of A lies at `a + i · rowBytes + k · innerBytes`. */
export function multiplyPanels(
  rows: i32,
  columns: i32,
  inner: i32,
  a: usize,
  rowBytes: usize,
  innerBytes: usize,
  b: usize,
  c: usize,
  cRowBytes: usize,
  accumulate: bool,
): void {
  const panelBytes = <usize>inner << 5;
  for (let k = 0; k < inner; k += innerBlock) {
    const depth = minimum(innerBlock, inner - k);
    const from = a + <usize>k * innerBytes;
    let panel = b + (<usize>k << 5);
    for (let j = 0; j < columns; j += panelColumns) {
      for (let i = 0; i < rows; i += panelRows) {
        const row = from + <usize>i * rowBytes, target = c + <usize>i * cRowBytes + (<usize>j << 2);
        tile(depth, row, rowBytes, innerBytes, rows - i, panel, target, cRowBytes, accumulate || k > 0);
      }
      panel += panelBytes;
    }
  }
}

/**
 * Packs a row-major matrix, its rows the inner dimension, each times a factor: `factors` are `inner` float32. Two panels
 * at a time, so that the lines of the cache are read once. Missing columns of the last panel are zero.
 */
export function packScaled(source: usize, columns: i32, inner: i32, factors: usize, target: usize): void {
  const rowBytes = <usize>columns << 2, panelBytes = <usize>inner << 5;
  let j = 0;
  for (; j + 2 * panelColumns <= columns; j += 2 * panelColumns) {
    let from = source + (<usize>j << 2), to = target + (<usize>j >> 3) * panelBytes;
    for (let k = 0; k < inner; k++) {
      const factor = v128.load32_splat(factors + (<usize>k << 2));
      v128.store(to, f32x4.mul(factor, v128.load(from)));
      v128.store(to, f32x4.mul(factor, v128.load(from, 16)), 16);
      v128.store(to + panelBytes, f32x4.mul(factor, v128.load(from, 32)));
      v128.store(to + panelBytes, f32x4.mul(factor, v128.load(from, 48)), 16);
      from += rowBytes;
      to += 32;
    }
  }
  for (; j < columns; j += panelColumns) {
    let from = source + (<usize>j << 2), to = target + (<usize>j >> 3) * panelBytes;
    for (let k = 0; k < inner; k++) {
      const factor = load<f32>(factors + (<usize>k << 2));
      for (let column = 0; column < panelColumns; column++) {
        const place = <usize>column << 2;
        store<f32>(to + place, j + column < columns ? factor * load<f32>(from + place) : 0);
      }
      from += rowBytes;
      to += 32;
    }
  }
}
