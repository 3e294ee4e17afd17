// Tiles of matrix products, and products made of them. Both operands are read where they lie: A by any strides, B with 8
// columns next to each other.
import { at } from './lanes';

/** The most rows of a tile, and its columns. */
const tileRows: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
export const tileColumns: i32 = 8;
/** Room for a tile. */
export const tileBytes: usize = <usize>(tileRows * tileColumns * 4);

/** `a · b + c` in each lane: fused where relaxed SIMD is enabled. */
// @inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

// V8 puts all loads of a basic block first. The exit tests below, most of which never hold, are there to make blocks so
// small that accumulators and loaded values fit into 15 registers. A tile is written as a whole, and each kind is a function
// of its own, for the same reason: what goes elsewhere, or is added, is moved afterwards.

/** One tile of 4 × 8: 8 accumulators, and the products that are added to them. */
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
  // Rows that are missing read the last one again: beyond it memory may end.
  let a0 = a;
  let a1 = height > 1 ? a0 + rowBytes : a0;
  let a2 = height > 2 ? a1 + rowBytes : a1;
  let a3 = height > 3 ? a2 + rowBytes : a2;
  let b0: v128;
  let b1: v128;
  let x: v128;
  // Two steps, and sums that begin with what they add to: of other forms V8 makes slower code, by up to a sixth.
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
  putRow(c, c00, c01);
  putRow(c + cRowBytes, c10, c11);
  putRow(c + 2 * cRowBytes, c20, c21);
  putRow(c + 3 * cRowBytes, c30, c31);
  putRow(c + 4 * cRowBytes, c40, c41);
  putRow(c + 5 * cRowBytes, c50, c51);
}

// @inline
function putRow(target: usize, left: v128, right: v128): void {
  v128.store(target, left);
  v128.store(target, right, 16);
}

/** Rows of the next tile, where so many are left: of tiles of 6 and of 4 those that waste the fewest. */
// @inline
function nextTile(rows: i32): i32 {
  return rows <= 4 || rows == 7 || rows == 8 ? 4 : tileRows;
}

/**
 * `C = A · B`, or `C += A · B`. Element (i, k) of A lies at `a + i · aRowBytes + k · aInnerBytes`; of B, 8 columns lie next to
 * each other, rows `bInnerBytes` apart, and the next 8 begin `bPanelBytes` further on.
 *
 * @param spare `tileBytes` bytes: tiles at the edges, and those that are added, are put there first
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
    let place = c + at(j);
    for (let i = 0; i < rows; ) {
      const tile = nextTile(rows - i);
      const height = min(tile, rows - i);
      const whole = height == tile && width == tileColumns;
      const inPlace = whole && !accumulate;
      const target = inPlace ? place : spare;
      const targetBytes = inPlace ? cRowBytes : at(tileColumns);
      if (tile == 4) tile4(inner, from, aRowBytes, aInnerBytes, height, b, bInnerBytes, target, targetBytes);
      else tile6(inner, from, aRowBytes, aInnerBytes, height, b, bInnerBytes, target, targetBytes);
      if (!inPlace) {
        if (whole) addTile(spare, height, place, cRowBytes);
        else moveTile(spare, height, width, place, cRowBytes, accumulate);
      }
      i += tile;
      from += <usize>tile * aRowBytes;
      place += <usize>tile * cRowBytes;
    }
    b += bPanelBytes;
  }
}

/** Adds a whole tile to its place. */
function addTile(tile: usize, height: i32, c: usize, cRowBytes: usize): void {
  for (let i = 0; i < height; i++) {
    v128.store(c, f32x4.add(v128.load(c), v128.load(tile)));
    v128.store(c, f32x4.add(v128.load(c, 16), v128.load(tile, 16)), 16);
    tile += at(tileColumns);
    c += cRowBytes;
  }
}

/** Copies or adds what lies inside of a tile to its place. */
function moveTile(tile: usize, height: i32, width: i32, c: usize, cRowBytes: usize, accumulate: bool): void {
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const value = load<f32>(tile + at(j));
      store<f32>(c + at(j), accumulate ? load<f32>(c + at(j)) + value : value);
    }
    tile += at(tileColumns);
    c += cRowBytes;
  }
}
