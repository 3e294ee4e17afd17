// The filter gradient of a convolution as a matrix product: a row for each element of a window, a column for each output
// channel, and a sum over all result pixels.

import { at } from './lanes';
import { pack } from './pack';
import { tileBytes, tileColumns } from './tile';
import { multiplyTiles } from './tile-products';
import { copyWindows } from './window';
import { WindowedImage } from './windowed-image';

/** Block sizes: pixels, elements of the window, columns. */
const blockInner: i32 = 256;
const blockRows: i32 = 256;
const blockColumns: i32 = 512;
/** Elements between lines. Without them, lines whose size is a power of two would compete for the same cache lines. */
const gap: i32 = 16;

const lineBytes: usize = at(blockInner * (blockRows + gap));

/** Returns the bytes of scratch memory of `filterGradientChunk`. */
export function filterGradientBytes(): usize {
  return tileBytes + lineBytes + at(blockInner * (blockColumns + tileColumns));
}

/** Parameters of the task, in the order of src/native-filter-gradient.ts. */
@unmanaged
class FilterGradient extends WindowedImage {
  /** `[batch, gridHeight, gridWidth, columns]`. */
  gradient: usize;
  columns: i32;
  /** `[parts, tapsY, tapsX, channels, columns]`. */
  target: usize;
  /** Rows of result pixels, counted over all images. */
  rowsPerPart: i32;
  rowsPerBlock: i32;
  columnsPerBlock: i32;
  /** Whether each block of rows has a single tap. The task then skips pixels for which the tap lies outside the image. */
  byTap: bool;
}

/** Sums the terms of a block of the gradient over one part of the result pixels. */
export function filterGradientChunk(p: usize, chunk: i32, scratch: usize): void {
  const c = changetype<FilterGradient>(p);
  const inner = c.tapsY * c.tapsX * c.channels;
  const span = c.byTap ? c.channels : inner;
  const blocksPerSpan = (span + c.rowsPerBlock - 1) / c.rowsPerBlock;
  const rowBlocks = (inner / span) * blocksPerSpan;
  const columnBlocks = (c.columns + c.columnsPerBlock - 1) / c.columnsPerBlock;
  const part = chunk / (rowBlocks * columnBlocks);
  const block = (chunk / columnBlocks) % rowBlocks;
  const inSpan = (block % blocksPerSpan) * c.rowsPerBlock;
  const row = (block / blocksPerSpan) * span + inSpan;
  const column = (chunk % columnBlocks) * c.columnsPerBlock;
  const rows = min(c.rowsPerBlock, span - inSpan);
  const columns = min(c.columnsPerBlock, c.columns - column);
  const target = c.target + at((part * inner + row) * c.columns + column);

  // The block's elements of the window start at this tap and row of taps.
  const tap = row / c.channels;
  const tapY = tap / c.tapsX;
  const first = row - tapY * c.tapsX * c.channels;
  const lastTapY = (row + rows - 1) / (c.tapsX * c.channels);
  let from = 0;
  let to = c.gridWidth;
  if (c.byTap) {
    const shift = c.offsetX + (tap % c.tapsX);
    // The first pixel with x · stride + shift ≥ 0, and the first with ≥ width.
    from = shift < 0 ? min((c.strideX - 1 - shift) / c.strideX, to) : 0;
    to = c.width > shift ? min((c.width - shift + c.strideX - 1) / c.strideX, to) : from;
  }
  const lines = scratch + tileBytes;
  const lineStep = at(rows + gap);
  const packed = lines + lineBytes;
  const panelBytes = at(tileColumns * blockInner);
  const end = min((part + 1) * c.rowsPerPart, c.batch * c.gridHeight);
  let filled = 0;
  let started = false;
  for (let pixelRow = part * c.rowsPerPart; pixelRow < end; pixelRow++) {
    const image = pixelRow / c.gridHeight;
    const y = (pixelRow - image * c.gridHeight) * c.strideY + c.offsetY;
    if (c.byTap && <u32>(y + tapY) >= <u32>c.height) continue;
    const source = c.image + at(image * c.height * c.width * c.channels);
    for (let x = from; x < to; ) {
      const count = min(to - x, blockInner - filled);
      const left = x * c.strideX + c.offsetX;
      const line = lines + <usize>filled * lineStep;
      copyWindows(
        source,
        c.height,
        c.width,
        c.channels,
        c.tapsX,
        y,
        left,
        c.strideX,
        count,
        tapY,
        lastTapY,
        first,
        rows,
        line,
        lineStep,
      );
      const gradient = c.gradient + at((pixelRow * c.gridWidth + x) * c.columns + column);
      pack(
        tileColumns,
        gradient,
        1,
        c.columns,
        columns,
        count,
        packed + at(tileColumns * filled),
        panelBytes,
      );
      x += count;
      filled += count;
      if (filled == blockInner) {
        multiply(c, rows, columns, filled, lines, packed, target, started, scratch);
        started = true;
        filled = 0;
      }
    }
  }
  if (filled > 0) multiply(c, rows, columns, filled, lines, packed, target, started, scratch);
  else if (!started) clearBlock(target, at(c.columns), rows, columns);
}

function multiply(
  c: FilterGradient,
  rows: i32,
  columns: i32,
  pixels: i32,
  lines: usize,
  packed: usize,
  target: usize,
  accumulate: bool,
  scratch: usize,
): void {
  const lineStep = at(rows + gap);
  const panelStep = at(tileColumns);
  const panelBytes = at(tileColumns * blockInner);
  const rowBytes = at(c.columns);
  multiplyTiles(
    rows,
    columns,
    pixels,
    lines,
    4,
    lineStep,
    packed,
    panelStep,
    panelBytes,
    target,
    rowBytes,
    accumulate,
    scratch,
  );
}

function clearBlock(target: usize, rowBytes: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++) {
    memory.fill(target, 0, at(columns));
    target += rowBytes;
  }
}
