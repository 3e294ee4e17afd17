// Tiles of matrix products, and products made of them. Both operands are read in place: A with any strides, B in panels of 8
// adjacent columns.
import { at } from './lanes';

/** Maximum rows of a tile, and its columns. */
const tileRows: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
export const tileColumns: i32 = 8;
/** Bytes of a tile. */
export const tileBytes: usize = <usize>(tileRows * tileColumns * 4);

/** Returns `a · b + c` in each lane, fused if relaxed SIMD is enabled. */
// @inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

// V8 moves all loads of a basic block to its start. The exit tests below, most of which never hold, split the loop into blocks
// so small that accumulators and loaded values fit into 15 registers. For the same reason a tile is stored as a whole and
// copied or added afterwards, and the two sizes of tiles are separate functions, written out in full.

/** Computes a tile of 4 × 8 with 8 accumulators, which leaves registers for products that are not fused with their sums. */
function tile4(
  inner: i32,
  a: usize,
  rowBytes: usize,
  innerBytes: usize,
  height: i32,
  b: usize,
  bInnerBytes: usize,
  c: usize,
  cRowBytes: usize,
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
  // Two steps a pass, and sums that start with the accumulator. V8 compiles other forms to code that is up to a sixth slower.
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
  storeRow(c, c00, c01);
  storeRow(c + cRowBytes, c10, c11);
  storeRow(c + 2 * cRowBytes, c20, c21);
  storeRow(c + 3 * cRowBytes, c30, c31);
}

/** Computes a tile of 6 × 8 with 12 accumulators, enough to hide the latency of fused multiply-add. */
function tile6(
  inner: i32,
  a: usize,
  rowBytes: usize,
  innerBytes: usize,
  height: i32,
  b: usize,
  bInnerBytes: usize,
  c: usize,
  cRowBytes: usize,
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

/** Returns the rows of the next tile, 4 or 6: the size that wastes the fewest rows of those that remain. */
// @inline
function nextTileRows(rows: i32): i32 {
  return rows <= 4 || rows == 7 || rows == 8 ? 4 : tileRows;
}

/**
 * Computes `C = A · B`, or `C += A · B`. Element (i, k) of A is at `a + i · aRowBytes + k · aInnerBytes`. B consists of panels
 * of 8 adjacent columns: rows of a panel are `bInnerBytes` apart, panels `bPanelBytes`.
 *
 * @param spare `tileBytes` bytes, for tiles at the edges and tiles that are added
 */
export function multiplyTiles(
  rows: i32,
  columns: i32,
  inner: i32,
  a: usize,
  aRowBytes: usize,
  aInnerBytes: usize,
  b: usize,
  bInnerBytes: usize,
  bPanelBytes: usize,
  c: usize,
  cRowBytes: usize,
  accumulate: bool,
  spare: usize,
): void {
  for (let j = 0; j < columns; j += tileColumns) {
    const width = min(tileColumns, columns - j);
    let from = a;
    let corner = c + at(j);
    for (let i = 0; i < rows; ) {
      const tile = nextTileRows(rows - i);
      const height = min(tile, rows - i);
      const isFull = height == tile && width == tileColumns;
      const inPlace = isFull && !accumulate;
      const target = inPlace ? corner : spare;
      const targetBytes = inPlace ? cRowBytes : at(tileColumns);
      if (tile == 4) tile4(inner, from, aRowBytes, aInnerBytes, height, b, bInnerBytes, target, targetBytes);
      else tile6(inner, from, aRowBytes, aInnerBytes, height, b, bInnerBytes, target, targetBytes);
      if (!inPlace) {
        if (isFull) addTile(spare, height, corner, cRowBytes);
        else storePartialTile(spare, height, width, corner, cRowBytes, accumulate);
      }
      i += tile;
      from += <usize>tile * aRowBytes;
      corner += <usize>tile * cRowBytes;
    }
    b += bPanelBytes;
  }
}

/** Adds a full tile to C. */
function addTile(tile: usize, height: i32, c: usize, cRowBytes: usize): void {
  for (let i = 0; i < height; i++) {
    v128.store(c, f32x4.add(v128.load(c), v128.load(tile)));
    v128.store(c, f32x4.add(v128.load(c, 16), v128.load(tile, 16)), 16);
    tile += at(tileColumns);
    c += cRowBytes;
  }
}

/** Copies the `height × width` entries of a tile to C, or adds them. */
function storePartialTile(
  tile: usize,
  height: i32,
  width: i32,
  c: usize,
  cRowBytes: usize,
  accumulate: bool,
): void {
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const value = load<f32>(tile + at(j));
      store<f32>(c + at(j), accumulate ? load<f32>(c + at(j)) + value : value);
    }
    tile += at(tileColumns);
    c += cRowBytes;
  }
}
