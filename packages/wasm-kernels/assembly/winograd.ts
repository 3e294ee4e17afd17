// Convolutions of 3 × 3 taps by Winograd's algorithm. It transforms tiles of the image into planes, sums over the
// channels by a matrix product in each plane, and transforms the sums back. That takes 36 products for 16 results with
// stride 1, and 81 with stride 2, in place of 144.

import { at } from './lanes';
import { pack } from './pack';
import { tileColumns } from './tile';
import { multiplyTiles } from './tile-products';
import { filterLine, filterPlaneOf, pointsOf } from './winograd-lines';
import { Winograd } from './winograd-parameters';
import { blockChannels, clearZeros, inputTile, outputTile, planeBytes, planesOffset } from './winograd-tiles';

/** Maximum elements of a chunk in all planes, and the gaps between planes. */
const chunkElements: i32 = 81 << 13;
const gapsBytes: usize = 4 * 81 * 64;

/** Returns the bytes of scratch memory of the tasks here and in winograd-gradient.ts. */
export function winogradBytes(): usize {
  return planesOffset + at(chunkElements) + gapsBytes;
}

/** Transforms the filter of 8 columns, for all channels, into 6 × 6 planes. */
export function winogradFilterChunk(p: usize, chunk: i32, scratch: usize): void {
  const c = changetype<Winograd>(p);
  const firstColumn = chunk * tileColumns;
  const columns = min(tileColumns, c.columns - firstColumn);
  const blockDepth = blockChannels / 8;
  for (let channel = 0; channel < c.channels; channel += blockDepth) {
    const depth = min(blockDepth, c.channels - channel);
    const bytes = at(tileColumns * depth);
    const taps = scratch;
    const transformed = taps + 9 * bytes;
    for (let tap = 0; tap < 9; tap++) {
      const offset = (tap / 3) * c.filterTapY + (tap % 3) * c.filterTapX;
      const source = c.filter + at(offset + channel * c.filterChannel + firstColumn * c.filterColumn);
      pack(
        tileColumns,
        source,
        c.filterColumn,
        c.filterChannel,
        columns,
        depth,
        taps + <usize>tap * bytes,
        0,
      );
    }
    for (let row: usize = 0; row < 3; row++) {
      filterLine(c.scheme, taps + row * 3 * bytes, bytes, bytes, transformed + row * 6 * bytes, bytes);
    }
    const planeStep = <usize>c.planeBytes;
    let target = c.planes + at(tileColumns * (chunk * c.channels + channel));
    for (let column: usize = 0; column < 6; column++) {
      filterLine(c.scheme, transformed + column * bytes, 6 * bytes, bytes, target, 6 * planeStep);
      target += planeStep;
    }
  }
}

/** Computes a block of tiles and columns of the result. */
export function winogradChunk(p: usize, chunk: i32, scratch: usize): void {
  const c = changetype<Winograd>(p);
  const across = (c.columns + c.columnsPerChunk - 1) / c.columnsPerChunk;
  const firstTile = (chunk / across) * c.tilesPerChunk;
  const firstColumn = (chunk % across) * c.columnsPerChunk;
  const tiles = min(c.tilesPerChunk, c.batch * c.tilesY * c.tilesX - firstTile);
  const columns = min(c.columnsPerChunk, c.columns - firstColumn);
  const paddedColumns = (columns + tileColumns - 1) & -tileColumns;
  const points = pointsOf(c.scheme);
  const planes = points * points;
  const inputs = scratch + planesOffset;
  const inputBytes = planeBytes(tiles * c.channelsPerBlock);
  const sums = inputs + <usize>planes * inputBytes;
  const sumBytes = planeBytes(tiles * paddedColumns);
  clearZeros(scratch);
  for (let channel = 0; channel < c.channels; channel += c.channelsPerBlock) {
    const depth = min(c.channelsPerBlock, c.channels - channel);
    for (let tile = 0; tile < tiles; tile++) {
      inputTile(c, firstTile + tile, channel, depth, inputs + at(tile * depth), inputBytes, scratch);
    }
    const filter = c.planes + at(firstColumn * c.channels + tileColumns * channel);
    for (let plane = 0; plane < planes; plane++) {
      multiplyTiles(
        tiles,
        paddedColumns,
        depth,
        inputs + <usize>plane * inputBytes,
        at(depth),
        4,
        filter + <usize>(filterPlaneOf(plane, points) * c.planeBytes),
        at(tileColumns),
        at(tileColumns * c.channels),
        sums + <usize>plane * sumBytes,
        at(paddedColumns),
        channel > 0,
        scratch,
      );
    }
  }
  for (let tile = 0; tile < tiles; tile++) {
    const from = sums + at(tile * paddedColumns);
    outputTile(c, firstTile + tile, firstColumn, columns, from, sumBytes, scratch);
  }
}
