// Matrix products over the heap of tfjs-backend-wasm. No static data and no allocator: the module lives on somebody
// else's memory, so every scratch area is handed in.
import { address, integer } from './parameters';

/** Rows and columns of a micro-tile: 8 accumulators of 4 lanes, which with the operands fit into 16 registers. */
export const tileRows: i32 = 4;
export const tileColumns: i32 = 8;
/** Block sizes: a block of A stays in the level 2 cache, a panel of B in level 1. */
const blockRows: i32 = 128;
const blockInner: i32 = 256;
const blockColumns: i32 = 2048;

/** Where a tile at the edge of a product is put first. */
export const tileBytes: usize = <usize>(tileRows * tileColumns * 4);
const packedABytes: usize = <usize>((blockRows + tileRows) * blockInner * 4);
const packedBBytes: usize = <usize>((blockColumns + tileColumns) * blockInner * 4);

/** Bytes of scratch memory that `gemm` needs, 16-byte aligned. */
export function gemmScratchBytes(): usize {
  return tileBytes + packedABytes + packedBBytes;
}

// @ts-expect-error: decorator
@inline
export function minimum(a: i32, b: i32): i32 {
  return a < b ? a : b;
}

// @ts-expect-error: decorator
@inline
export function at(index: i32): usize {
  return <usize>index << 2;
}

/** `a · b + c` in each lane: fused where relaxed SIMD is enabled. */
// @ts-expect-error: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * One micro-tile: the sum over `inner` of a column of packed A and a row of packed B. The exit test after each step
 * keeps V8 from hoisting all loads of the loop to its top and spilling them.
 */
function microTile(
  inner: i32,
  a: usize,
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
    b0 = v128.load(b, 32); b1 = v128.load(b, 48);
    x = v128.load32_splat(a, 16);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a, 20);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a, 24);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a, 28);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (inner == 2) break;
    b0 = v128.load(b, 64); b1 = v128.load(b, 80);
    x = v128.load32_splat(a, 32);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a, 36);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a, 40);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a, 44);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (inner == 3) break;
    b0 = v128.load(b, 96); b1 = v128.load(b, 112);
    x = v128.load32_splat(a, 48);
    c00 = multiplyAdd(x, b0, c00); c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a, 52);
    c10 = multiplyAdd(x, b0, c10); c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a, 56);
    c20 = multiplyAdd(x, b0, c20); c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a, 60);
    c30 = multiplyAdd(x, b0, c30); c31 = multiplyAdd(x, b1, c31);
    if (inner == 4) break;
    a += 64;
    b += 128;
    inner -= 4;
  }
  storeTile(c00, c01, c10, c11, c20, c21, c30, c31, c, rowBytes, rows, columns, accumulate, scratch);
}

/** Writes what lies inside of a micro-tile. */
// @ts-expect-error: decorator
@inline
export function storeTile(
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
  if (rows == tileRows && columns == tileColumns) {
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

// @ts-expect-error: decorator
@inline
function storeRow(target: usize, left: v128, right: v128, accumulate: bool): void {
  v128.store(target, accumulate ? f32x4.add(v128.load(target), left) : left);
  v128.store(target, accumulate ? f32x4.add(v128.load(target, 16), right) : right, 16);
}

/** The product of two packed blocks. `aPanelBytes` and `bPanelBytes` lie between panels of 4 rows and of 8 columns. */
export function multiplyPanels(
  rows: i32,
  columns: i32,
  inner: i32,
  a: usize,
  aPanelBytes: usize,
  b: usize,
  bPanelBytes: usize,
  c: usize,
  rowBytes: usize,
  accumulate: bool,
  scratch: usize,
): void {
  for (let j = 0; j < columns; j += tileColumns) {
    const width = minimum(tileColumns, columns - j);
    let panelA = a, target = c + at(j);
    for (let i = 0; i < rows; i += tileRows) {
      const height = minimum(tileRows, rows - i);
      microTile(inner, panelA, b, target, rowBytes, height, width, accumulate, scratch);
      panelA += aPanelBytes;
      target += <usize>tileRows * rowBytes;
    }
    b += bPanelBytes;
  }
}

/**
 * Copies `lines` lines of a matrix into panels of `width` lines: within a panel, element k of all its lines stands
 * together. Missing lines of the last panel are zero. `lineStride` and `innerStride` count elements, `panelBytes` lie
 * between panels.
 */
export function pack(
  width: i32,
  source: usize,
  lineStride: i32,
  innerStride: i32,
  lines: i32,
  inner: i32,
  target: usize,
  panelBytes: usize,
): void {
  const lineBytes = at(lineStride), innerBytes = at(innerStride);
  for (let line = 0; line < lines; line += width) {
    const present = minimum(width, lines - line);
    const from = source + <usize>line * lineBytes;
    if (present < width) packPartial(from, lineBytes, innerBytes, present, width, inner, target);
    else if (lineStride == 1) packAcross(from, innerBytes, width, inner, target);
    else if (innerStride == 1) packAlong(from, lineBytes, width, inner, target);
    else packPartial(from, lineBytes, innerBytes, width, width, inner, target);
    target += panelBytes;
  }
}

/** Lines lie next to each other: whole vectors are copied. */
function packAcross(from: usize, innerBytes: usize, width: i32, inner: i32, target: usize): void {
  for (let k = 0; k < inner; k++) {
    for (let w: usize = 0; w < at(width); w += 16) v128.store(target + w, v128.load(from + w));
    from += innerBytes;
    target += at(width);
  }
}

/** Each line is contiguous: blocks of 4 × 4 are transposed in registers. */
function packAlong(from: usize, lineBytes: usize, width: i32, inner: i32, target: usize): void {
  const stepBytes = at(width);
  let k = 0;
  for (; k + 4 <= inner; k += 4) {
    for (let w = 0; w < width; w += 4) {
      const line = from + <usize>w * lineBytes + at(k);
      const r0 = v128.load(line), r1 = v128.load(line + lineBytes);
      const r2 = v128.load(line + 2 * lineBytes), r3 = v128.load(line + 3 * lineBytes);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      const to = target + <usize>k * stepBytes + at(w);
      v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
      v128.store(to + stepBytes, v128.shuffle<i64>(low01, low23, 1, 3));
      v128.store(to + 2 * stepBytes, v128.shuffle<i64>(high01, high23, 0, 2));
      v128.store(to + 3 * stepBytes, v128.shuffle<i64>(high01, high23, 1, 3));
    }
  }
  for (; k < inner; k++) {
    for (let w = 0; w < width; w++) {
      store<f32>(target + <usize>k * stepBytes + at(w), load<f32>(from + <usize>w * lineBytes + at(k)));
    }
  }
}

/** Any strides, and panels that are not full. */
function packPartial(
  from: usize,
  lineBytes: usize,
  innerBytes: usize,
  present: i32,
  width: i32,
  inner: i32,
  target: usize,
): void {
  for (let k = 0; k < inner; k++) {
    for (let w = 0; w < width; w++) {
      const value: f32 = w < present ? load<f32>(from + <usize>w * lineBytes + <usize>k * innerBytes) : 0;
      store<f32>(target, value);
      target += 4;
    }
  }
}

/**
 * `C = A · B`, or `C += A · B`. A is `rows × inner` with element (i, k) at `a + i·aRow + k·aInner`, B `inner × columns`
 * with (k, j) at `b + k·bInner + j·bColumn`, C row-major with `cRow` elements a row. Strides count elements, so that
 * every transposition is a choice of strides.
 */
export function gemm(
  rows: i32,
  columns: i32,
  inner: i32,
  a: usize,
  aRow: i32,
  aInner: i32,
  b: usize,
  bInner: i32,
  bColumn: i32,
  c: usize,
  cRow: i32,
  accumulate: bool,
  scratch: usize,
): void {
  const packedA = scratch + tileBytes, packedB = packedA + packedABytes;
  const rowBytes = at(cRow);
  for (let column = 0; column < columns; column += blockColumns) {
    const width = minimum(blockColumns, columns - column);
    for (let k = 0; k < inner; k += blockInner) {
      const depth = minimum(blockInner, inner - k);
      const adding = accumulate || k > 0;
      const panelABytes = at(tileRows * depth), panelBBytes = at(tileColumns * depth);
      const blockB = b + at(k * bInner + column * bColumn);
      pack(tileColumns, blockB, bColumn, bInner, width, depth, packedB, panelBBytes);
      for (let row = 0; row < rows; row += blockRows) {
        const height = minimum(blockRows, rows - row);
        const blockA = a + at(row * aRow + k * aInner);
        pack(tileRows, blockA, aRow, aInner, height, depth, packedA, panelABytes);
        multiplyPanels(
          height,
          width,
          depth,
          packedA,
          panelABytes,
          packedB,
          panelBBytes,
          c + <usize>row * rowBytes + at(column),
          rowBytes,
          adding,
          scratch,
        );
      }
    }
  }
}

/**
 * A tile of one of several products: the words are those of `gemm` up to `accumulate`, then rows and columns of a tile, and
 * the elements from one A, B and C to the next. The sum of an entry is taken in the same order whatever the tiles are.
 */
export function gemmChunk(p: usize, chunk: i32, scratch: usize): void {
  const rows = integer(p, 0), columns = integer(p, 1), inner = integer(p, 2);
  const aRow = integer(p, 4), aInner = integer(p, 5);
  const bInner = integer(p, 7), bColumn = integer(p, 8);
  const cRow = integer(p, 10);
  const tileRows = integer(p, 12), tileColumns = integer(p, 13);
  const across = (columns + tileColumns - 1) / tileColumns, down = (rows + tileRows - 1) / tileRows;
  const product = chunk / (across * down), tile = chunk % (across * down);
  const row = tile / across * tileRows, column = tile % across * tileColumns;
  gemm(
    minimum(tileRows, rows - row),
    minimum(tileColumns, columns - column),
    inner,
    address(p, 3) + at(product * integer(p, 14)) + at(row * aRow),
    aRow,
    aInner,
    address(p, 6) + at(product * integer(p, 15)) + at(column * bColumn),
    bInner,
    bColumn,
    address(p, 9) + at(product * integer(p, 16)) + at(row * cRow + column),
    cRow,
    integer(p, 11) != 0,
    scratch,
  );
}
