// Products for the loss over a bank. A is read in place, by any strides; B lies in panels of 8 columns, packed once; C
// has room for whole tiles, so that there are no edges. What lies beyond the matrices in C is undefined.
import { minimum, multiplyAdd } from './gemm';

/** Columns of a panel. */
export const panelColumns: i32 = 8;
/** Rows of a tile. */
const panelRows: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
export const spareTileBytes: i32 = panelRows * panelColumns * 4;
/** Inner elements that are done at a time: a panel of B then takes 16 kB of the level 1 cache. */
const innerBlock: i32 = 512;

// @ts-ignore: decorator
@inline
export function roundUp(value: i32, multiple: i32): i32 {
  return (value + multiple - 1) / multiple * multiple;
}

// V8 puts all loads of a basic block first. The exit tests below, most of which never hold, are there to make blocks so
// small that accumulators and loaded values fit into 15 registers.

/** One tile of 4 × 8: 8 accumulators, and the products that are added to them. */
function tile4(
  inner: i32,
  a: usize,
  rowBytes: usize,
  innerBytes: usize,
  last: i32,
  b: usize,
  c: usize,
  cRowBytes: usize,
): void {
  const zero = f32x4.splat(0);
  let c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero;
  let a0 = a, a1 = a + <usize>minimum(1, last) * rowBytes;
  let a2 = a + <usize>minimum(2, last) * rowBytes, a3 = a + <usize>minimum(3, last) * rowBytes;
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
    if (inner == 1) break;
    a0 += innerBytes; a1 += innerBytes; a2 += innerBytes; a3 += innerBytes;
    b += 32;
    inner -= 1;
  }
  putRow(c, c00, c01);
  putRow(c + cRowBytes, c10, c11);
  putRow(c + 2 * cRowBytes, c20, c21);
  putRow(c + 3 * cRowBytes, c30, c31);
}

/** One tile of 6 × 8: 12 accumulators, enough to hide the latency of fused products and sums. */
function tile6(
  inner: i32,
  a: usize,
  rowBytes: usize,
  innerBytes: usize,
  last: i32,
  b: usize,
  c: usize,
  cRowBytes: usize,
): void {
  const zero = f32x4.splat(0);
  let c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero;
  let c30 = zero, c31 = zero, c40 = zero, c41 = zero, c50 = zero, c51 = zero;
  let a0 = a, a1 = a + <usize>minimum(1, last) * rowBytes, a2 = a + <usize>minimum(2, last) * rowBytes;
  let a3 = a + <usize>minimum(3, last) * rowBytes, a4 = a + <usize>minimum(4, last) * rowBytes;
  let a5 = a + <usize>minimum(5, last) * rowBytes;
  while (true) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(a0);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    if (inner < 0) break;
    x = v128.load32_splat(a1);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    if (inner < 0) break;
    x = v128.load32_splat(a2);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    if (inner < 0) break;
    x = v128.load32_splat(a3);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (inner < 0) break;
    x = v128.load32_splat(a4);
    c40 = multiplyAdd(x, b0, c40); c41 = multiplyAdd(x, b1, c41);
    if (inner < 0) break;
    x = v128.load32_splat(a5);
    c50 = multiplyAdd(x, b0, c50); c51 = multiplyAdd(x, b1, c51);
    if (inner == 1) break;
    a0 += innerBytes; a1 += innerBytes; a2 += innerBytes; a3 += innerBytes; a4 += innerBytes; a5 += innerBytes;
    b += 32;
    inner -= 1;
  }
  putRow(c, c00, c01);
  putRow(c + cRowBytes, c10, c11);
  putRow(c + 2 * cRowBytes, c20, c21);
  putRow(c + 3 * cRowBytes, c30, c31);
  putRow(c + 4 * cRowBytes, c40, c41);
  putRow(c + 5 * cRowBytes, c50, c51);
}

// @ts-ignore: decorator
@inline
function putRow(target: usize, left: v128, right: v128): void {
  v128.store(target, left);
  v128.store(target, right, 16);
}

/** Adds a tile that lies row after row to its place. */
function addTile(tile: usize, c: usize, cRowBytes: usize): void {
  for (let row = 0; row < panelRows; row++) {
    v128.store(c, f32x4.add(v128.load(c), v128.load(tile)));
    v128.store(c, f32x4.add(v128.load(c, 16), v128.load(tile, 16)), 16);
    c += cRowBytes;
    tile += 32;
  }
}

/**
 * `C = A · B`, or `C += A · B`; element (i, k) of A lies at `a + i · rowBytes + k · innerBytes`.
 * @param spare `spareTileBytes` bytes: sums are added to C from there, as a choice of targets in a tile's own code would
 *   take the registers from its accumulators
 */
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
  spare: usize,
): void {
  const panelBytes = <usize>inner << 5;
  for (let k = 0; k < inner; k += innerBlock) {
    const depth = minimum(innerBlock, inner - k);
    const from = a + <usize>k * innerBytes, adding = accumulate || k > 0;
    let panel = b + (<usize>k << 5);
    for (let j = 0; j < columns; j += panelColumns) {
      for (let i = 0; i < rows; i += panelRows) {
        const row = from + <usize>i * rowBytes, place = c + <usize>i * cRowBytes + (<usize>j << 2);
        const target = adding ? spare : place, targetBytes = adding ? 32 : cRowBytes;
        // Rows that are missing read the last one again: beyond it memory may end.
        const last = rows - i - 1;
        if (ASC_FEATURE_RELAXED_SIMD) tile6(depth, row, rowBytes, innerBytes, last, panel, target, targetBytes);
        else tile4(depth, row, rowBytes, innerBytes, last, panel, target, targetBytes);
        if (adding) addTile(spare, place, cRowBytes);
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
