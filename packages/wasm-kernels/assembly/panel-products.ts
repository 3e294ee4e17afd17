// Products for the loss over a bank. A is read in place, with any strides. B is packed once, into panels of 8 columns.
import { at } from './lanes';
import { tileColumns } from './tile';
import { multiplyTiles } from './tile-products';

/** Inner elements of a block. A panel of B then takes 16 kB of the level 1 cache. */
const innerBlock: i32 = 512;

// @inline
export function roundUp(value: i32, multiple: i32): i32 {
  return ((value + multiple - 1) / multiple) * multiple;
}

/** Computes `C = A · B`, or `C += A · B`. Element (i, k) of A is at `a + i · rowBytes + k · innerBytes`. */
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
  const bInnerBytes = at(tileColumns);
  const panelBytes = at(tileColumns * inner);
  for (let k = 0; k < inner; k += innerBlock) {
    const depth = min(innerBlock, inner - k);
    const adding = accumulate || k > 0;
    const from = a + <usize>k * innerBytes;
    const panel = b + at(tileColumns * k);
    multiplyTiles(
      rows,
      columns,
      depth,
      from,
      rowBytes,
      innerBytes,
      panel,
      bInnerBytes,
      panelBytes,
      c,
      cRowBytes,
      adding,
      spare,
    );
  }
}

/**
 * Packs a row-major matrix `[inner, columns]` into panels, and multiplies each row by its factor, `factors` `[inner]`.
 * Fills two panels at a time, which reads each cache line once. Missing columns of the last panel are zeros.
 */
export function packScaled(source: usize, columns: i32, inner: i32, factors: usize, target: usize): void {
  const rowBytes = at(columns);
  const panelBytes = (<usize>inner) << 5;
  let j = 0;
  for (; j + 2 * tileColumns <= columns; j += 2 * tileColumns) {
    let from = source + at(j);
    let to = target + (<usize>j >> 3) * panelBytes;
    for (let k = 0; k < inner; k++) {
      const factor = v128.load32_splat(factors + at(k));
      v128.store(to, f32x4.mul(factor, v128.load(from)));
      v128.store(to, f32x4.mul(factor, v128.load(from, 16)), 16);
      v128.store(to + panelBytes, f32x4.mul(factor, v128.load(from, 32)));
      v128.store(to + panelBytes, f32x4.mul(factor, v128.load(from, 48)), 16);
      from += rowBytes;
      to += 32;
    }
  }
  for (; j < columns; j += tileColumns) {
    let from = source + at(j);
    let to = target + (<usize>j >> 3) * panelBytes;
    for (let k = 0; k < inner; k++) {
      const factor = load<f32>(factors + at(k));
      for (let column = 0; column < tileColumns; column++) {
        const place = at(column);
        store<f32>(to + place, j + column < columns ? factor * load<f32>(from + place) : 0);
      }
      from += rowBytes;
      to += 32;
    }
  }
}
