// The gradient by a filter of 3 × 3 taps, transposed to winograd.ts: in each of the 36 planes, a product of matrices sums
// over the tiles.
import { at, minimum, tileColumns } from './gemm';
import { multiplyTransposed } from './row-tile';
import {
  clearOutside,
  gradientTile,
  inputTile,
  planeBytes,
  planes,
  planesOffset,
  tilesAlong,
  Winograd,
} from './winograd';
import { filterGradientPass } from './winograd-passes';

/** What a chunk of tiles adds to the gradient of a block of channels and columns. */
export function winogradGradientChunk(p: usize, chunk: i32, scratch: usize): void {
  const c = changetype<Winograd>(p);
  const columnBlocks = (c.columns + c.columnsPerChunk - 1) / c.columnsPerChunk;
  const blocks = (c.channels + c.channelsPerBlock - 1) / c.channelsPerBlock * columnBlocks;
  const part = chunk / blocks, block = chunk - part * blocks;
  const channel = block / columnBlocks * c.channelsPerBlock, column = block % columnBlocks * c.columnsPerChunk;
  const depth = minimum(c.channelsPerBlock, c.channels - channel);
  const columns = minimum(c.columnsPerChunk, c.columns - column);
  const allTiles = c.batch * tilesAlong(c.outHeight) * tilesAlong(c.outWidth);
  const firstTile = part * c.tilesPerChunk, end = minimum(firstTile + c.tilesPerChunk, allTiles);

  const sums = scratch + planesOffset, sumBytes = planeBytes(depth * columns);
  const inputs = sums + <usize>planes * sumBytes, inputBytes = planeBytes(c.tilesPerBlock * depth);
  const gradients = inputs + <usize>planes * inputBytes, gradientBytes = planeBytes(c.tilesPerBlock * columns);
  clearOutside(scratch);
  for (let first = firstTile; first < end; first += c.tilesPerBlock) {
    const tiles = minimum(c.tilesPerBlock, end - first);
    for (let tile = 0; tile < tiles; tile++) {
      inputTile(c, first + tile, channel, depth, inputs + at(tile * depth), inputBytes, scratch);
      gradientTile(c, first + tile, column, columns, gradients + at(tile * columns), gradientBytes, scratch);
    }
    for (let plane: usize = 0; plane < <usize>planes; plane++) {
      multiplyTransposed(
        depth,
        columns,
        tiles,
        inputs + plane * inputBytes,
        at(depth),
        gradients + plane * gradientBytes,
        at(columns),
        at(tileColumns),
        sums + plane * sumBytes,
        at(columns),
        first > firstTile,
        scratch,
      );
    }
  }
  const target = c.filter + at(part * 9 * c.channels * c.columns + channel * c.filterChannel + column * c.filterColumn);
  for (let row = 0; row < depth; row++) {
    filterGradientRow(c, sums + at(row * columns), sumBytes, columns, target + at(row * c.filterChannel), scratch);
  }
}

/** Transforms the sums of one channel back to 9 taps. */
function filterGradientRow(
  c: Winograd,
  from: usize,
  fromBytes: usize,
  columns: i32,
  target: usize,
  scratch: usize,
): void {
  const bytes = at(columns);
  for (let i: usize = 0; i < 6; i++) {
    filterGradientPass(from + 6 * i * fromBytes, fromBytes, bytes, scratch + 3 * i * bytes, bytes);
  }
  for (let j = 0; j < 3; j++) {
    const source = scratch + <usize>j * bytes;
    filterGradientPass(source, 3 * bytes, bytes, target + at(j * c.filterTapX), at(c.filterTapY));
  }
}
