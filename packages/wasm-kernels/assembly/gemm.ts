// Matrix products. The module works on the memory of tfjs-backend-wasm, so it has no static data and no allocator: the
// caller passes the scratch memory.

import { at } from './lanes';
import { pack } from './pack';
import { address, integer } from './parameters';
import { tileBytes, tileColumns } from './tile';
import { multiplyTiles } from './tile-products';

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
 * Computes a tile of one of several products. Words: those of `gemm` up to `accumulate`, rows and columns of a tile,
 * then the elements from one A, B and C to the next. The tiles do not affect the order in which an entry is summed.
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
