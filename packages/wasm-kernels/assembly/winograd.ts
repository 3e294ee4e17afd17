// Convolutions of 3 × 3 taps by Winograd's algorithm. It transforms tiles of the image into planes, sums over the
// channels by a matrix product in each plane, and transforms the sums back. That takes 36 products for 16 results with
// stride 1, and 81 with stride 2, in place of 144. Short tiles take fewer (winograd-places.ts). An image of 2 × 2 pixels takes 9 in
// place of the 16 inside it.

import { loadIntoCache } from './cache';
import { at } from './lanes';
import { tileColumns } from './tile';
import { multiplyTiles } from './tile-products';
import { endTile } from './winograd-end';
import { transformFilter } from './winograd-filter';
import { filterPlaneOf, pointsOf } from './winograd-lines';
import { Winograd } from './winograd-parameters';
import { endTileOf, firstTileOf, locateTile, TilePlace } from './winograd-places';
import {
  clearZeros,
  inputTile,
  outputTile,
  placeOffset,
  planeBytes,
  planesOffset,
  transformedOffset,
} from './winograd-tiles';

/** Maximum elements of a chunk in all planes, and the gaps between planes. */
const chunkElements: i32 = 81 << 13;
const gapsBytes: usize = 4 * 81 * 64;

/** Maximum elements of a transformed filter that stays in the level 2 cache from one chunk to the next. */
const cachedElements: i32 = 36 << 14;

/**
 * Maximum elements of the tiles in a plane of which all channels are transformed before the products. Each panel of a filter is then
 * read from its start to its end, which is twice as fast if it comes from memory.
 */
const maxPassElements: i32 = 4096;

/** Returns the bytes of scratch memory of the tasks here and in winograd-gradient.ts. */
export function winogradBytes(): usize {
  return planesOffset + at(chunkElements) + gapsBytes;
}

/** Transforms the filter of 8 columns, for all channels, into planes. */
export function winogradFilterChunk(p: usize, chunk: i32, scratch: usize): void {
  const c = changetype<Winograd>(p);
  const target = c.planes + at(chunk * tileColumns * c.channels);
  transformFilter(c, chunk * tileColumns, tileColumns, 0, c.channels, target, c.planeBytes, scratch);
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
  const isInOnePass = c.planes != 0 && tiles * c.channels <= maxPassElements;
  const channelsPerPass = isInOnePass ? c.channels : c.channelsPerBlock;
  const inputs = scratch + planesOffset;
  const inputBytes = planeBytes(tiles * channelsPerPass);
  const sums = inputs + <usize>planes * inputBytes;
  const sumBytes = planeBytes(tiles * paddedColumns);
  const filters = sums + <usize>planes * sumBytes;
  const isCached = 36 * c.channels * c.columns <= cachedElements;
  const place = changetype<TilePlace>(scratch + placeOffset);
  clearZeros(scratch);
  for (let channel = 0; channel < c.channels; channel += channelsPerPass) {
    const depth = min(channelsPerPass, c.channels - channel);
    for (let tile = 0; tile < tiles; tile++) {
      locateTile(c, firstTile + tile, place);
      for (let k = 0; k < depth; k += c.channelsPerBlock) {
        const target = inputs + at(tile * depth + k);
        inputTile(c, place, channel + k, min(c.channelsPerBlock, depth - k), target, inputBytes, scratch);
      }
    }
    let filter = c.planes + at(firstColumn * c.channels + tileColumns * channel);
    let filterBytes: usize = c.planeBytes;
    let panelBytes = at(tileColumns * c.channels);
    if (c.planes == 0) {
      filter = filters;
      filterBytes = planeBytes(paddedColumns * depth);
      panelBytes = at(tileColumns * depth);
      transformFilter(
        c,
        firstColumn,
        columns,
        channel,
        depth,
        filter,
        filterBytes,
        scratch + transformedOffset,
      );
    }
    for (let plane = 0; plane < planes; plane++) {
      const first = max(firstTileOf(c, plane) - firstTile, 0);
      const count = min(endTileOf(c, plane) - firstTile, tiles) - first;
      if (count <= 0) continue;
      const panels = filter + <usize>filterPlaneOf(plane, points) * filterBytes;
      if (c.planes != 0 && !isCached && !isInOnePass) {
        for (let j = 0; j < paddedColumns; j += tileColumns) {
          loadIntoCache(panels + at(j * c.channels), at(tileColumns * depth), scratch);
        }
      }
      const from = inputs + <usize>plane * inputBytes + at(first * depth);
      const to = sums + <usize>plane * sumBytes + at(first * paddedColumns);
      const width = isInOnePass ? tileColumns : paddedColumns;
      for (let j = 0; j < paddedColumns; j += width) {
        const panel = panels + <usize>(j / tileColumns) * panelBytes;
        for (let k = 0; k < depth; k += c.channelsPerBlock) {
          multiplyTiles(
            count,
            width,
            min(c.channelsPerBlock, depth - k),
            from + at(k),
            at(depth),
            4,
            panel + at(tileColumns * k),
            at(tileColumns),
            panelBytes,
            to + at(j),
            at(paddedColumns),
            channel + k > 0,
            scratch,
          );
        }
      }
    }
  }
  for (let tile = 0; tile < tiles; tile++) {
    const from = sums + at(tile * paddedColumns);
    locateTile(c, firstTile + tile, place);
    outputTile(c, place, firstColumn, columns, from, sumBytes, scratch);
    endTile(c, place, firstColumn, columns);
  }
}
