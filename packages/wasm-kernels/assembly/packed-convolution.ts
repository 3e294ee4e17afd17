// Convolutions of inference plans as matrix products, as in convolution.ts, by a filter that was packed into panels before. Its
// results are contiguous, and each block of them ends with what the step adds to them (step-end.ts).
import { at } from './lanes';
import { pack } from './pack';
import { biasRow, endPixel } from './step-end';
import { tileBytes, tileColumns } from './tile';
import { multiplyTiles } from './tile-products';
import { copyLines, WindowedImage } from './windowed-image';

/** Rows of a block, and elements of the lines of a block, which then fit into the level 2 cache. */
const blockRows: i32 = 128;
const blockElements: i32 = 1 << 15;
/** Maximum elements of a window that a product sums at a time, unless there are few rows. */
const maxLineDepth: i32 = 256;
/** Fewest results of a line whose windows are multiplied in place. Each line reads the filter again. */
const minLine: i32 = 24;

/** Returns the bytes of scratch memory of `packedConvolutionChunk`. */
export function packedConvolutionBytes(): usize {
  return tileBytes + at(blockElements) + 16;
}

/** Parameters of both tasks, in the order of src/plan-convolution.ts. */
@unmanaged
class PackedConvolution extends WindowedImage {
  /** `[tapsY, tapsX, channels, columns]`; read by `packFilterChunk` alone. */
  filter: usize;
  /** `[columns / 8, tapsY · tapsX · channels, 8]`. */
  panels: usize;
  /** `[batch, gridHeight, gridWidth, columns]`. */
  target: usize;
  columns: i32;
  /** `[columns]`, or `[16, columns]` with borders; 0 without a bias. */
  bias: usize;
  hasBorders: i32;
  /** A map of the shape of the target; 0 for none. */
  residual: usize;
  /** `[columns]`; 0 without an activation. */
  slopes: usize;
  rowsPerChunk: i32;
  columnsPerChunk: i32;
}

/** Packs one panel of the filter. Missing columns are zeros. */
export function packFilterChunk(p: usize, chunk: i32): void {
  const c = changetype<PackedConvolution>(p);
  const inner = c.tapsY * c.tapsX * c.channels;
  const column = chunk * tileColumns;
  const columns = min(tileColumns, c.columns - column);
  const target = c.panels + at(column * inner);
  pack(tileColumns, c.filter + at(column), 1, c.columns, columns, inner, target, at(tileColumns * inner));
}

/** Computes a block of rows and columns of the result. */
export function packedConvolutionChunk(p: usize, chunk: i32, scratch: usize): void {
  const c = changetype<PackedConvolution>(p);
  const across = (c.columns + c.columnsPerChunk - 1) / c.columnsPerChunk;
  const firstRow = (chunk / across) * c.rowsPerChunk;
  const column = (chunk % across) * c.columnsPerChunk;
  const endRow = min(firstRow + c.rowsPerChunk, c.batch * c.gridHeight * c.gridWidth);
  const columns = min(c.columnsPerChunk, c.columns - column);
  const inner = c.tapsY * c.tapsX * c.channels;
  const isInPlace = c.tapsY * c.tapsX * c.strideY * c.strideX == 1 && (c.offsetY | c.offsetX) == 0;
  const isByLine = !isInPlace && c.gridWidth >= minLine && isInside(c);
  const lines = scratch + tileBytes;
  const panels = c.panels + at(column * inner);
  const rowBytes = at(c.columns);
  // The order of a sum does not depend on the rows of a chunk, and so not on the number of threads.
  const rows = min(blockRows, c.batch * c.gridHeight * c.gridWidth);
  const maxDepth = rows > 16 ? min(maxLineDepth, blockElements / rows) : blockElements / rows;
  for (let row = firstRow; row < endRow; row += blockRows) {
    const height = min(blockRows, endRow - row);
    const target = c.target + <usize>row * rowBytes + at(column);
    if (isByLine) multiplyLines(c, row, height, panels, columns, target, scratch);
    for (let k = 0; k < inner && !isByLine; ) {
      const depth = min(inner - k, maxDepth);
      let from = c.image + at(row * inner + k);
      let fromBytes = at(inner);
      if (!isInPlace) {
        copyLines(c, row, height, k, depth, lines);
        from = lines;
        fromBytes = at(depth);
      }
      multiplyTiles(
        height,
        columns,
        depth,
        from,
        fromBytes,
        4,
        panels + at(tileColumns * k),
        at(tileColumns),
        at(tileColumns * inner),
        target,
        rowBytes,
        k > 0,
        scratch,
      );
      k += depth;
    }
    endRows(c, row, height, column, columns);
  }
}

/** Whether all windows lie inside the image. */
function isInside(c: PackedConvolution): bool {
  return (
    min(c.offsetY, c.offsetX) >= 0 &&
    (c.gridHeight - 1) * c.strideY + c.offsetY + c.tapsY <= c.height &&
    (c.gridWidth - 1) * c.strideX + c.offsetX + c.tapsX <= c.width
  );
}

/**
 * Multiplies windows that lie inside the image without copying them: those of one line of results start at regular steps, and the
 * taps of a row are contiguous.
 */
function multiplyLines(
  c: PackedConvolution,
  firstRow: i32,
  count: i32,
  panels: usize,
  columns: i32,
  target: usize,
  scratch: usize,
): void {
  const across = c.tapsX * c.channels;
  const panelBytes = at(tileColumns * c.tapsY * across);
  const rowBytes = at(c.columns);
  const endRow = firstRow + count;
  for (let tapY = 0; tapY < c.tapsY; tapY++) {
    for (let k = 0; k < across; k += maxLineDepth) {
      const panel = panels + at(tileColumns * (tapY * across + k));
      for (let row = firstRow; row < endRow; ) {
        const line = row / c.gridWidth;
        const image = line / c.gridHeight;
        const x = row - line * c.gridWidth;
        const windows = min(endRow - row, c.gridWidth - x);
        const pixelY = (line - image * c.gridHeight) * c.strideY + c.offsetY + tapY;
        const pixel = (image * c.height + pixelY) * c.width + x * c.strideX + c.offsetX;
        multiplyTiles(
          windows,
          columns,
          min(across - k, maxLineDepth),
          c.image + at(pixel * c.channels + k),
          at(c.strideX * c.channels),
          4,
          panel,
          at(tileColumns),
          panelBytes,
          target + <usize>(row - firstRow) * rowBytes,
          rowBytes,
          tapY + k > 0,
          scratch,
        );
        row += windows;
      }
    }
  }
}

function endRows(c: PackedConvolution, row: i32, count: i32, column: i32, columns: i32): void {
  if (c.bias == 0 && c.residual == 0 && c.slopes == 0) return;
  const slopes = c.slopes == 0 ? 0 : c.slopes + at(column);
  let bias = c.bias == 0 ? 0 : c.bias + at(column);
  for (; count > 0; count--, row++) {
    if (c.hasBorders) {
      const pixel = row % (c.gridHeight * c.gridWidth);
      const y = (pixel / c.gridWidth) * c.strideY + c.offsetY;
      const x = (pixel % c.gridWidth) * c.strideX + c.offsetX;
      bias = c.bias + at(biasRow(y, x, c.tapsY, c.tapsX, c.height, c.width) * c.columns + column);
    }
    const o = at(row * c.columns + column);
    endPixel(c.target + o, columns, bias, c.residual == 0 ? 0 : c.residual + o, slopes);
  }
}
