// Tiles of matrix products: 4 × 8 entries, and 6 × 8 with relaxed SIMD.
import { multiplyAdd } from './lanes';

/** Maximum rows of a tile, and its columns. */
export const tileRows: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
export const tileColumns: i32 = 8;
/** Bytes of a tile. */
export const tileBytes: usize = <usize>(tileRows * tileColumns * 4);

// V8 moves all loads of a basic block to its start. The exit tests below, most of which never hold, split the code into
// blocks so small that accumulators and loaded values fit into 15 registers. For the same reason a tile is stored or added
// as a whole, and the two sizes of tiles are separate functions, written out in full.

/**
 * Computes a tile of 4 × 8, or adds it to C. Its 8 accumulators leave registers for products that are not fused with their
 * sums.
 */
export function tile4(
  inner: i32,
  a: usize,
  rowBytes: usize,
  innerBytes: usize,
  height: i32,
  b: usize,
  bInnerBytes: usize,
  c: usize,
  cRowBytes: usize,
  accumulate: bool,
): void {
  const zero = f32x4.splat(0);
  let c00 = zero;
  let c01 = zero;
  let c10 = zero;
  let c11 = zero;
  let c20 = zero;
  let c21 = zero;
  let c30 = zero;
  let c31 = zero;
  // Missing rows read the last row again, because memory may end behind it.
  let a0 = a;
  let a1 = height > 1 ? a0 + rowBytes : a0;
  let a2 = height > 2 ? a1 + rowBytes : a1;
  let a3 = height > 3 ? a2 + rowBytes : a2;
  let b0: v128;
  let b1: v128;
  let x: v128;
  // Two steps a pass, and sums that start with the accumulator. V8 compiles other forms to code that is up to a sixth
  // slower.
  while (true) {
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    x = v128.load32_splat(a0);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a1);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a2);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a3);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    if (inner == 1) break;
    a0 += innerBytes;
    a1 += innerBytes;
    a2 += innerBytes;
    a3 += innerBytes;
    b += bInnerBytes;
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    x = v128.load32_splat(a0);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a1);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a2);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a3);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    if (inner == 2) break;
    a0 += innerBytes;
    a1 += innerBytes;
    a2 += innerBytes;
    a3 += innerBytes;
    b += bInnerBytes;
    inner -= 2;
  }
  if (accumulate) {
    addRow(c, c00, c01);
    if (inner < 0) return;
    c += cRowBytes;
    addRow(c, c10, c11);
    if (inner < 0) return;
    c += cRowBytes;
    addRow(c, c20, c21);
    if (inner < 0) return;
    c += cRowBytes;
    addRow(c, c30, c31);
    return;
  }
  storeRow(c, c00, c01);
  storeRow(c + cRowBytes, c10, c11);
  storeRow(c + 2 * cRowBytes, c20, c21);
  storeRow(c + 3 * cRowBytes, c30, c31);
}

/** Computes a tile of 6 × 8, or adds it to C. Its 12 accumulators hide the latency of fused multiply-add. */
export function tile6(
  inner: i32,
  a: usize,
  rowBytes: usize,
  innerBytes: usize,
  height: i32,
  b: usize,
  bInnerBytes: usize,
  c: usize,
  cRowBytes: usize,
  accumulate: bool,
): void {
  const zero = f32x4.splat(0);
  let c00 = zero;
  let c01 = zero;
  let c10 = zero;
  let c11 = zero;
  let c20 = zero;
  let c21 = zero;
  let c30 = zero;
  let c31 = zero;
  let c40 = zero;
  let c41 = zero;
  let c50 = zero;
  let c51 = zero;
  let a0 = a;
  let a1 = height > 1 ? a0 + rowBytes : a0;
  let a2 = height > 2 ? a1 + rowBytes : a1;
  let a3 = height > 3 ? a2 + rowBytes : a2;
  let a4 = height > 4 ? a3 + rowBytes : a3;
  let a5 = height > 5 ? a4 + rowBytes : a4;
  while (true) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a0);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    if (inner < 0) break;
    x = v128.load32_splat(a1);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    if (inner < 0) break;
    x = v128.load32_splat(a2);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    if (inner < 0) break;
    x = v128.load32_splat(a3);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    if (inner < 0) break;
    x = v128.load32_splat(a4);
    c40 = multiplyAdd(x, b0, c40);
    c41 = multiplyAdd(x, b1, c41);
    if (inner < 0) break;
    x = v128.load32_splat(a5);
    c50 = multiplyAdd(x, b0, c50);
    c51 = multiplyAdd(x, b1, c51);
    if (inner == 1) break;
    a0 += innerBytes;
    a1 += innerBytes;
    a2 += innerBytes;
    a3 += innerBytes;
    a4 += innerBytes;
    a5 += innerBytes;
    b += bInnerBytes;
    inner -= 1;
  }
  if (accumulate) {
    addRow(c, c00, c01);
    if (inner < 0) return;
    c += cRowBytes;
    addRow(c, c10, c11);
    if (inner < 0) return;
    c += cRowBytes;
    addRow(c, c20, c21);
    if (inner < 0) return;
    c += cRowBytes;
    addRow(c, c30, c31);
    if (inner < 0) return;
    c += cRowBytes;
    addRow(c, c40, c41);
    if (inner < 0) return;
    c += cRowBytes;
    addRow(c, c50, c51);
    return;
  }
  storeRow(c, c00, c01);
  storeRow(c + cRowBytes, c10, c11);
  storeRow(c + 2 * cRowBytes, c20, c21);
  storeRow(c + 3 * cRowBytes, c30, c31);
  storeRow(c + 4 * cRowBytes, c40, c41);
  storeRow(c + 5 * cRowBytes, c50, c51);
}

// @inline
function storeRow(target: usize, left: v128, right: v128): void {
  v128.store(target, left);
  v128.store(target, right, 16);
}

// @inline
function addRow(target: usize, left: v128, right: v128): void {
  v128.store(target, f32x4.add(v128.load(target), left));
  v128.store(target, f32x4.add(v128.load(target, 16), right), 16);
}
