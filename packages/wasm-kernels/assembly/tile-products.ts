// Matrix products made of tiles. Both operands are read in place: A with any strides, B in panels of 8 adjacent columns.
import { at } from './lanes';
import { tile4, tile6, tileColumns, tileRows } from './tile';

/** Returns the rows of the next tile, 4 or 6: the size that wastes the fewest rows of those that remain. */
// @inline
function nextTileRows(rows: i32): i32 {
  return rows <= 4 || rows == 7 || rows == 8 ? 4 : tileRows;
}

/**
 * Computes `C = A · B`, or `C += A · B`. Element (i, k) of A is at `a + i · aRowBytes + k · aInnerBytes`. B consists of
 * panels of 8 adjacent columns: rows of a panel are `bInnerBytes` apart, panels `bPanelBytes`.
 *
 * @param spare `tileBytes` bytes, for tiles at the edges
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
      const target = isFull ? corner : spare;
      const targetBytes = isFull ? cRowBytes : at(tileColumns);
      const adding = isFull && accumulate;
      if (tile == 4) {
        tile4(inner, from, aRowBytes, aInnerBytes, height, b, bInnerBytes, target, targetBytes, adding);
      } else {
        tile6(inner, from, aRowBytes, aInnerBytes, height, b, bInnerBytes, target, targetBytes, adding);
      }
      if (!isFull) storePartialTile(spare, height, width, corner, cRowBytes, accumulate);
      i += tile;
      from += <usize>tile * aRowBytes;
      corner += <usize>tile * cRowBytes;
    }
    b += bPanelBytes;
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
