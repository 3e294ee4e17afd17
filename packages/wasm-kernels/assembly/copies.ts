// Copies between layouts with different strides. They count bytes, so they serve every dtype.
import { at, transpose4x4 } from './lanes';
import { address, integer } from './parameters';

/** Maximum axes of a copy. src/strided-copy.ts merges axes beforehand. */
const maxAxes = 8;

/**
 * Copies runs of bytes. Words: source, target, bytes of a run, runs, runs of a chunk, axes, then 8 each: sizes of the axes,
 * their strides in bytes in the source (0 repeats), and in the target.
 */
export function copyChunk(p: usize, chunk: i32): void {
  const bytes = <usize>integer(p, 2);
  const axes = integer(p, 5);
  const last = axes - 1;
  const lastSize = integer(p, 6 + last);
  const sourceStep = <usize>integer(p, 6 + maxAxes + last);
  const targetStep = <usize>integer(p, 6 + 2 * maxAxes + last);
  let run = chunk * integer(p, 4);
  const end = min(integer(p, 3), run + integer(p, 4));
  while (run < end) {
    // Finds the run, then copies all runs along the last axis.
    let source = address(p, 0);
    let target = address(p, 1);
    let rest = run;
    for (let axis = last; axis >= 0; axis--) {
      const size = integer(p, 6 + axis);
      const index = <usize>(rest % size);
      rest /= size;
      source += index * <usize>integer(p, 6 + maxAxes + axis);
      target += index * <usize>integer(p, 6 + 2 * maxAxes + axis);
    }
    const count = min(end - run, lastSize - (run % lastSize));
    copyRuns(source, target, bytes, sourceStep, targetStep, count);
    run += count;
  }
}

function copyRuns(
  source: usize,
  target: usize,
  bytes: usize,
  sourceStep: usize,
  targetStep: usize,
  count: i32,
): void {
  if (bytes == 4) {
    for (; count > 0; count--) {
      store<u32>(target, load<u32>(source));
      source += sourceStep;
      target += targetStep;
    }
    return;
  }
  for (; count > 0; count--) {
    copyRun(source, target, bytes);
    source += sourceStep;
    target += targetStep;
  }
}

/** Copies a run. Short ones take a loop, because `memory.copy` is a call. */
function copyRun(source: usize, target: usize, bytes: usize): void {
  if (bytes > 256) {
    memory.copy(target, source, bytes);
    return;
  }
  let k: usize = 0;
  for (; k + 16 <= bytes; k += 16) v128.store(target + k, v128.load(source + k));
  for (; k + 4 <= bytes; k += 4) store<u32>(target + k, load<u32>(source + k));
  for (; k < bytes; k++) store<u8>(target + k, load<u8>(source + k));
}

/**
 * Transposes 4-byte values in blocks: `target[…, column, row] = source[…, row, column]`. Columns are adjacent in the
 * source, rows in the target. Words: source, target, rows, columns, bytes from row to row in the source, bytes from
 * column to column in the target, row blocks of a matrix, rows of a block, blocks, blocks of a chunk, outer axes, then
 * 4 each: their sizes, their strides in bytes in the source, and in the target.
 */
export function transposeChunk(p: usize, chunk: i32): void {
  const first = chunk * integer(p, 9);
  const end = min(integer(p, 8), first + integer(p, 9));
  for (let block = first; block < end; block++) transposeBlock(p, block);
}

function transposeBlock(p: usize, block: i32): void {
  const blocks = integer(p, 6);
  const rowsOfBlock = integer(p, 7);
  const axes = integer(p, 10);
  let source = address(p, 0);
  let target = address(p, 1);
  let rest = block / blocks;
  for (let axis = axes - 1; axis >= 0; axis--) {
    const size = integer(p, 11 + axis);
    const index = <usize>(rest % size);
    rest /= size;
    source += index * <usize>integer(p, 15 + axis);
    target += index * <usize>integer(p, 19 + axis);
  }
  const sourceRow = <usize>integer(p, 4);
  const targetColumn = <usize>integer(p, 5);
  const columns = integer(p, 3);
  const first = (block % blocks) * rowsOfBlock;
  const rows = min(rowsOfBlock, integer(p, 2) - first);
  source += <usize>first * sourceRow;
  target += at(first);
  // Tiles so small that the cache holds their lines on both sides.
  const tileRows = columns < 4 ? 1024 : 16;
  const tileColumns = rows < 4 ? 1024 : 16;
  for (let column = 0; column < columns; column += tileColumns) {
    for (let row = 0; row < rows; row += tileRows) {
      const from = source + <usize>row * sourceRow + at(column);
      const to = target + <usize>column * targetColumn + at(row);
      const height = min(tileRows, rows - row);
      const width = min(tileColumns, columns - column);
      if (min(height, width) < 4) transposeEdge(from, to, height, width, sourceRow, targetColumn);
      else transposeTile(from, to, height, width, sourceRow, targetColumn);
    }
  }
}

function transposeTile(
  source: usize,
  target: usize,
  rows: i32,
  columns: i32,
  sourceRow: usize,
  targetColumn: usize,
): void {
  for (let row = 0; row < rows; row += 4) {
    for (let column = 0; column < columns; column += 4) {
      const from = source + <usize>row * sourceRow + at(column);
      const to = target + <usize>column * targetColumn + at(row);
      if (rows - row < 4 || columns - column < 4) {
        transposeEdge(from, to, min(4, rows - row), min(4, columns - column), sourceRow, targetColumn);
        continue;
      }
      transpose4x4(from, sourceRow, to, targetColumn);
    }
  }
}

function transposeEdge(
  source: usize,
  target: usize,
  rows: i32,
  columns: i32,
  sourceRow: usize,
  targetColumn: usize,
): void {
  // The inner loop is the longer one.
  const flat = columns > rows;
  const outer = flat ? rows : columns;
  const inner = flat ? columns : rows;
  const sourceOuter = flat ? sourceRow : 4;
  const sourceInner = flat ? 4 : sourceRow;
  const targetOuter = flat ? 4 : targetColumn;
  const targetInner = flat ? targetColumn : 4;
  for (let i = 0; i < outer; i++) {
    let from = source;
    let to = target;
    for (let j = 0; j < inner; j++) {
      store<u32>(to, load<u32>(from));
      from += sourceInner;
      to += targetInner;
    }
    source += sourceOuter;
    target += targetOuter;
  }
}

/**
 * Copies slices of bytes: `out[batch, outer, i] = x[batch, outer, index[batch, i]]`. Words: x, indices, out, bytes of a
 * slice, outer size, size of the axis, indices of a batch, slices of the result, slices of a chunk.
 */
export function gatherRowsChunk(p: usize, chunk: i32): void {
  const bytes = <usize>integer(p, 3);
  const outerSize = integer(p, 4);
  const count = integer(p, 6);
  const lineBytes = <usize>integer(p, 5) * bytes;
  let slice = chunk * integer(p, 8);
  const end = min(integer(p, 7), slice + integer(p, 8));
  while (slice < end) {
    // Slices along the axis, for one index of the axes before it.
    const line = slice / count;
    const first = slice % count;
    const slices = min(end - slice, count - first);
    const indices = address(p, 1) + at((line / outerSize) * count + first);
    gatherLine(
      address(p, 0) + <usize>line * lineBytes,
      indices,
      address(p, 2) + <usize>slice * bytes,
      slices,
      bytes,
    );
    slice += slices;
  }
}

function gatherLine(x: usize, indices: usize, out: usize, slices: i32, bytes: usize): void {
  const end = indices + at(slices);
  if (bytes == 4) {
    for (; indices < end; indices += 4) {
      store<u32>(out, load<u32>(x + at(load<i32>(indices))));
      out += 4;
    }
    return;
  }
  for (; indices < end; indices += 4) {
    copyRun(x + <usize>load<i32>(indices) * bytes, out, bytes);
    out += bytes;
  }
}
