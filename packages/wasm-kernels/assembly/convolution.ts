// Convolutions as matrix products: a row for each result pixel, a column for each output channel, and the line of the
// pixel's window (window.ts) as inner dimension. The input gradient is such a convolution of `dy`, with the taps in
// reverse order. With a stride, it is one convolution for each phase of the input pixels, or, if windows do not overlap, one
// product that computes whole windows.

import { at } from './lanes';
import { pack } from './pack';
import { tileBytes, tileColumns } from './tile';
import { multiplyTiles } from './tile-products';
import { copy } from './window';
import { copyLines, copyLinesOf, WindowedImage } from './windowed-image';

/** Block sizes. A block of lines and a block of the filter fit into the level 2 cache. */
const blockRows: i32 = 128;
const blockInner: i32 = 256;
/** Maximum columns of a chunk, and maximum elements of its result. */
const chunkColumns: i32 = 512;
const chunkElements: i32 = 1 << 17;

const lineBytes: usize = at(blockRows * blockInner) + 16;
const filterBytes: usize = <usize>(chunkColumns * blockInner * 4);

/** Returns the bytes of scratch memory of `convolutionChunk`. */
export function convolutionBytes(): usize {
  return tileBytes + lineBytes + filterBytes + at(chunkElements);
}

/** Parameters of the task, in the order of src/native-convolution.ts. Strides count elements. */
@unmanaged
class Convolution extends WindowedImage {
  /** Address of the filter, and its strides over (tapY, tapX, channel, column). */
  filter: usize;
  filterTapY: i32;
  filterTapX: i32;
  filterChannel: i32;
  filterColumn: i32;
  /** Address of the results, and their strides over (image, row, column). */
  target: usize;
  targetImage: i32;
  targetRow: i32;
  targetColumn: i32;
  columns: i32;
  /** Columns that are adjacent in the target, and elements from one such run to the next. */
  runColumns: i32;
  runStep: i32;
  /** `[columns]`; 0 without a bias. */
  bias: usize;
  rowsPerChunk: i32;
  columnsPerChunk: i32;
  /**
   * Whether rows are ordered by pixel, then image, and each block has a single tap. The task then skips taps outside the
   * image, which on images of a few pixels are most of the work.
   */
  byPixel: bool;
}

/** Computes a block of rows and columns of the result. */
export function convolutionChunk(p: usize, chunk: i32, scratch: usize): void {
  const c = changetype<Convolution>(p);
  const across = (c.columns + c.columnsPerChunk - 1) / c.columnsPerChunk;
  const firstRow = (chunk / across) * c.rowsPerChunk;
  const firstColumn = (chunk % across) * c.columnsPerChunk;
  const pixels = c.gridHeight * c.gridWidth;
  const rows = min(c.rowsPerChunk, c.batch * pixels - firstRow);
  const columns = min(c.columnsPerChunk, c.columns - firstColumn);
  const lines = scratch + tileBytes;
  const filter = lines + lineBytes;
  const collected = filter + filterBytes;

  // Results that are not contiguous are collected in scratch memory.
  const isDense =
    !c.byPixel &&
    c.runColumns == c.columns &&
    c.targetColumn == c.columns &&
    c.targetRow == c.gridWidth * c.columns &&
    c.targetImage == c.gridHeight * c.targetRow;
  const rowBytes = at(isDense ? c.columns : columns);
  const target = isDense ? c.target + <usize>firstRow * rowBytes + at(firstColumn) : collected;
  const startsFilled = c.byPixel || c.bias != 0;
  if (startsFilled) fillRows(target, rowBytes, rows, columns, c.bias == 0 ? 0 : c.bias + at(firstColumn));

  // If each window is one pixel, the lines are the image itself.
  const inPlace =
    c.tapsY * c.tapsX == 1 &&
    c.strideY * c.strideX == 1 &&
    c.offsetY == 0 &&
    c.offsetX == 0 &&
    c.gridHeight == c.height &&
    c.gridWidth == c.width &&
    !c.byPixel;
  const inner = c.tapsY * c.tapsX * c.channels;
  // Splits the channels of a tap into parts of equal size.
  const parts = (c.channels + blockInner - 1) / blockInner;
  const depthByTap = (c.channels + parts - 1) / parts;
  for (let k = 0; k < inner; ) {
    const tap = k / c.channels;
    let depth = min(blockInner, inner - k);
    if (c.byPixel) depth = min(depthByTap, (tap + 1) * c.channels - k);
    packFilter(c, firstColumn, columns, k, depth, filter);
    for (let row = 0; row < rows; ) {
      let height = min(blockRows, rows - row);
      let from = c.image + at((firstRow + row) * c.channels + k);
      let fromBytes = at(c.channels);
      if (c.byPixel) {
        height = min(height, c.batch - ((firstRow + row) % c.batch));
        if (isOutside(c, (firstRow + row) / c.batch, tap)) {
          row += height;
          continue;
        }
      }
      if (!inPlace) {
        if (c.byPixel) copyLinesByPixel(c, firstRow + row, height, k, depth, lines);
        else copyLines(c, firstRow + row, height, k, depth, lines);
        from = lines;
        fromBytes = at(depth);
      }
      const to = target + <usize>row * rowBytes;
      const panelStep = at(tileColumns);
      const panelBytes = at(tileColumns * depth);
      const adding = startsFilled || k > 0;
      multiplyTiles(
        height,
        columns,
        depth,
        from,
        fromBytes,
        4,
        filter,
        panelStep,
        panelBytes,
        to,
        rowBytes,
        adding,
        scratch,
      );
      row += height;
    }
    k += depth;
  }
  if (!isDense) scatterRows(c, firstRow, rows, firstColumn, columns, collected);
}

/** Fills rows with the bias, or with zeros if its address is 0. */
function fillRows(target: usize, rowBytes: usize, rows: i32, columns: i32, bias: usize): void {
  for (let row = 0; row < rows; row++) {
    if (bias == 0) memory.fill(target, 0, at(columns));
    else memory.copy(target, bias, at(columns));
    target += rowBytes;
  }
}

/** Whether a tap of a result pixel's window lies outside the image. */
function isOutside(c: Convolution, pixel: i32, tap: i32): bool {
  const y = (pixel / c.gridWidth) * c.strideY + c.offsetY + tap / c.tapsX;
  const x = (pixel % c.gridWidth) * c.strideX + c.offsetX + (tap % c.tapsX);
  return <u32>y >= <u32>c.height || <u32>x >= <u32>c.width;
}

/** Packs the elements k ≤ … < k + depth of the filter into panels of 8 columns. */
function packFilter(c: Convolution, firstColumn: i32, columns: i32, k: i32, depth: i32, target: usize): void {
  const panelBytes = at(tileColumns * depth);
  const end = k + depth;
  while (k < end) {
    const tap = k / c.channels;
    const channel = k - tap * c.channels;
    const count = min(c.channels - channel, end - k);
    const offset =
      (tap / c.tapsX) * c.filterTapY + (tap % c.tapsX) * c.filterTapX + channel * c.filterChannel;
    const source = c.filter + at(offset + firstColumn * c.filterColumn);
    pack(tileColumns, source, c.filterColumn, c.filterChannel, columns, count, target, panelBytes);
    target += at(tileColumns * count);
    k += count;
  }
}

/** Copies the elements k ≤ … < k + depth of the windows of one pixel in `count` images, from `row` on. */
function copyLinesByPixel(c: Convolution, row: i32, count: i32, k: i32, depth: i32, target: usize): void {
  const imageBytes = at(c.height * c.width * c.channels);
  const pixel = row / c.batch;
  const gridY = pixel / c.gridWidth;
  const gridX = pixel - gridY * c.gridWidth;
  let image = c.image + <usize>(row % c.batch) * imageBytes;
  for (; count > 0; count--) {
    copyLinesOf(c, image, gridY, gridX, 1, k, depth, target);
    image += imageBytes;
    target += at(depth);
  }
}

/** Copies collected results to the target. */
function scatterRows(
  c: Convolution,
  firstRow: i32,
  rows: i32,
  firstColumn: i32,
  columns: i32,
  source: usize,
): void {
  const pixels = c.gridHeight * c.gridWidth;
  for (let row = firstRow; row < firstRow + rows; row++) {
    const image = c.byPixel ? row % c.batch : row / pixels;
    const pixel = c.byPixel ? row / c.batch : row % pixels;
    const gridY = pixel / c.gridWidth;
    const gridX = pixel - gridY * c.gridWidth;
    const offset = image * c.targetImage + gridY * c.targetRow + gridX * c.targetColumn;
    const end = firstColumn + columns;
    for (let column = firstColumn; column < end; ) {
      const run = column / c.runColumns;
      const inRun = column - run * c.runColumns;
      const count = min(c.runColumns - inRun, end - column);
      copy(c.target + at(offset + run * c.runStep + inRun), source, count);
      source += at(count);
      column += count;
    }
  }
}
