// Matrix products. The module works on the memory of tfjs-backend-wasm, so it has no static data and no allocator: the
// caller passes the scratch memory.

import { at, transpose4x4 } from './lanes';
import { address, integer } from './parameters';
import { multiplyTiles, tileBytes, tileColumns } from './tile';

/** Block sizes. A block of A fits into the level 2 cache, a panel of B into level 1. Rows are a multiple of 4 and of 6. */
const blockRows: i32 = 132;
const blockInner: i32 = 256;
const blockColumns: i32 = 2048;
/** Elements between copied lines of A. Without them, lines whose size is a power of two would compete for cache lines. */
const gap: i32 = 4;

const copiedABytes: usize = <usize>((blockRows + gap) * (blockInner + gap) * 4);
const packedBBytes: usize = <usize>((blockColumns + tileColumns) * blockInner * 4);

/** Returns the bytes of scratch memory that `gemm` needs, 16-byte aligned. */
export function gemmScratchBytes(): usize {
  return tileBytes + copiedABytes + packedBBytes;
}

/**
 * Packs `lines` lines of a matrix into panels of `width` lines, `panelBytes` apart. In a panel, element k of all its lines is
 * contiguous. Missing lines of the last panel are zeros. Strides count elements.
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
  const lineBytes = at(lineStride);
  const innerBytes = at(innerStride);
  let line = 0;
  if (lineStride == 1) {
    for (; line + 2 * width <= lines; line += 2 * width) {
      packTwoAcross(source + <usize>line * lineBytes, innerBytes, width, inner, target, target + panelBytes);
      target += 2 * panelBytes;
    }
  }
  for (; line < lines; line += width) {
    const present = min(width, lines - line);
    const from = source + <usize>line * lineBytes;
    if (present < width) packPartial(from, lineBytes, innerBytes, present, width, inner, target);
    else if (lineStride == 1) packAcross(from, innerBytes, width, inner, target);
    else if (innerStride == 1) packAlong(from, lineBytes, width, inner, target);
    else packPartial(from, lineBytes, innerBytes, width, width, inner, target);
    target += panelBytes;
  }
}

/** Packs adjacent lines by copying whole vectors. */
function packAcross(from: usize, innerBytes: usize, width: i32, inner: i32, target: usize): void {
  for (let k = 0; k < inner; k++) {
    for (let w: usize = 0; w < at(width); w += 16) v128.store(target + w, v128.load(from + w));
    from += innerBytes;
    target += at(width);
  }
}

/** Packs adjacent lines into two panels at a time, which reads each cache line once. */
function packTwoAcross(
  from: usize,
  innerBytes: usize,
  width: i32,
  inner: i32,
  first: usize,
  second: usize,
): void {
  const bytes = at(width);
  for (let k = 0; k < inner; k++) {
    for (let w: usize = 0; w < bytes; w += 16) {
      v128.store(first + w, v128.load(from + w));
      v128.store(second + w, v128.load(from + bytes + w));
    }
    from += innerBytes;
    first += bytes;
    second += bytes;
  }
}

/** Packs contiguous lines by transposing blocks of 4 × 4 in registers. */
function packAlong(from: usize, lineBytes: usize, width: i32, inner: i32, target: usize): void {
  const stepBytes = at(width);
  let k = 0;
  for (; k + 4 <= inner; k += 4) {
    for (let w = 0; w < width; w += 4) {
      const line = from + <usize>w * lineBytes + at(k);
      transpose4x4(line, lineBytes, target + <usize>k * stepBytes + at(w), stepBytes);
    }
  }
  for (; k < inner; k++) {
    for (let w = 0; w < width; w++) {
      store<f32>(target + <usize>k * stepBytes + at(w), load<f32>(from + <usize>w * lineBytes + at(k)));
    }
  }
}

/** Packs lines with any strides, and panels with missing lines. */
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
 * Computes `C = A · B`, or `C += A · B`. A is `rows × inner` with element (i, k) at `a + i·aRow + k·aInner`. B is
 * `inner × columns` with element (k, j) at `b + k·bInner + j·bColumn`. C is row-major with `cRow` elements a row. Strides
 * count elements, so every transposition is a choice of strides.
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
  const copiedA = scratch + tileBytes;
  const packedB = copiedA + copiedABytes;
  const rowBytes = at(cRow);
  // The copy of A keeps the smaller of its two strides the smaller one.
  const byRow = aInner <= aRow;
  for (let column = 0; column < columns; column += blockColumns) {
    const width = min(blockColumns, columns - column);
    for (let k = 0; k < inner; k += blockInner) {
      const depth = min(blockInner, inner - k);
      const adding = accumulate || k > 0;
      const panelBytes = at(tileColumns * depth);
      pack(
        tileColumns,
        b + at(k * bInner + column * bColumn),
        bColumn,
        bInner,
        width,
        depth,
        packedB,
        panelBytes,
      );
      for (let row = 0; row < rows; row += blockRows) {
        const height = min(blockRows, rows - row);
        const from = a + at(row * aRow + k * aInner);
        const target = c + <usize>row * rowBytes + at(column);
        let aRowBytes: usize = 4;
        let aInnerBytes: usize = 4;
        if (byRow) {
          aRowBytes = at(depth + gap);
          copyLines(from, aRow, aInner, height, depth, copiedA, aRowBytes);
        } else {
          aInnerBytes = at(height + gap);
          copyLines(from, aInner, aRow, depth, height, copiedA, aInnerBytes);
        }
        multiplyTiles(
          height,
          width,
          depth,
          copiedA,
          aRowBytes,
          aInnerBytes,
          packedB,
          32,
          panelBytes,
          target,
          rowBytes,
          adding,
          scratch,
        );
      }
    }
  }
}

/** Copies lines of a matrix, `targetBytes` apart. */
function copyLines(
  from: usize,
  lineStride: i32,
  stride: i32,
  lines: i32,
  length: i32,
  target: usize,
  targetBytes: usize,
): void {
  for (let line = 0; line < lines; line++) {
    if (stride == 1) memory.copy(target, from, at(length));
    else for (let k = 0; k < length; k++) store<f32>(target + at(k), load<f32>(from + at(k * stride)));
    from += at(lineStride);
    target += targetBytes;
  }
}

/**
 * Computes a tile of one of several products. Words: those of `gemm` up to `accumulate`, rows and columns of a tile, then the
 * elements from one A, B and C to the next. The tiles do not affect the order in which an entry is summed.
 */
export function gemmChunk(p: usize, chunk: i32, scratch: usize): void {
  const rows = integer(p, 0);
  const columns = integer(p, 1);
  const inner = integer(p, 2);
  const aRow = integer(p, 4);
  const aInner = integer(p, 5);
  const bInner = integer(p, 7);
  const bColumn = integer(p, 8);
  const cRow = integer(p, 10);
  const tileRows = integer(p, 12);
  const tileColumns = integer(p, 13);
  const across = (columns + tileColumns - 1) / tileColumns;
  const down = (rows + tileRows - 1) / tileRows;
  const product = chunk / (across * down);
  const tile = chunk % (across * down);
  const row = (tile / across) * tileRows;
  const column = (tile % across) * tileColumns;
  gemm(
    min(tileRows, rows - row),
    min(tileColumns, columns - column),
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
