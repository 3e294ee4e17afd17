// The filter gradient for 3 × 3 taps, the transpose of winograd.ts: a matrix product in each plane sums over the tiles.
import { at } from './lanes';
import { tileColumns } from './tile';
import { multiplyTiles } from './tile-products';
import { filterGradientLine, filterPlaneOf, filterPointsOf, pointsOf } from './winograd-lines';
import { Winograd } from './winograd-parameters';
import { endTileOf, firstTileOf, locateTile, TilePlace } from './winograd-places';
import { clearZeros, gradientTile, inputTile, placeOffset, planeBytes, planesOffset } from './winograd-tiles';

/** Sums the terms of a block of channels and columns of the filter gradient over one part of the tiles. */
export function winogradGradientChunk(p: usize, chunk: i32, scratch: usize): void {
  const c = changetype<Winograd>(p);
  const columnBlocks = (c.columns + c.columnsPerChunk - 1) / c.columnsPerChunk;
  const blocks = ((c.channels + c.channelsPerBlock - 1) / c.channelsPerBlock) * columnBlocks;
  const part = chunk / blocks;
  const block = chunk - part * blocks;
  const channel = (block / columnBlocks) * c.channelsPerBlock;
  const column = (block % columnBlocks) * c.columnsPerChunk;
  const depth = min(c.channelsPerBlock, c.channels - channel);
  const columns = min(c.columnsPerChunk, c.columns - column);
  const firstTile = part * c.tilesPerChunk;
  const end = min(firstTile + c.tilesPerChunk, c.batch * c.tilesY * c.tilesX);
  const points = pointsOf(c.scheme);
  const planes = points * points;

  const sums = scratch + planesOffset;
  const sumBytes = planeBytes(depth * columns);
  const inputs = sums + 36 * sumBytes;
  const inputBytes = planeBytes(c.tilesPerBlock * depth);
  const gradients = inputs + <usize>planes * inputBytes;
  const gradientBytes = planeBytes(c.tilesPerBlock * columns);
  const place = changetype<TilePlace>(scratch + placeOffset);
  clearZeros(scratch);
  for (let first = firstTile; first < end; first += c.tilesPerBlock) {
    const tiles = min(c.tilesPerBlock, end - first);
    for (let tile = 0; tile < tiles; tile++) {
      locateTile(c, first + tile, place);
      inputTile(c, place, channel, depth, inputs + at(tile * depth), inputBytes, scratch);
      gradientTile(c, place, column, columns, gradients + at(tile * columns), gradientBytes, scratch);
    }
    for (let plane = 0; plane < planes; plane++) {
      const isRepeated = max(plane / points, plane % points) >= filterPointsOf(c.scheme);
      const accumulates = first > firstTile || isRepeated;
      const sum = sums + <usize>filterPlaneOf(plane, points) * sumBytes;
      const start = max(firstTileOf(c, plane) - first, 0);
      const count = min(endTileOf(c, plane) - first, tiles) - start;
      if (count <= 0) {
        if (!accumulates) memory.fill(sum, 0, at(depth * columns));
        continue;
      }
      multiplyTiles(
        depth,
        columns,
        count,
        inputs + <usize>plane * inputBytes + at(start * depth),
        4,
        at(depth),
        gradients + <usize>plane * gradientBytes + at(start * columns),
        at(columns),
        at(tileColumns),
        sum,
        at(columns),
        accumulates,
        scratch,
      );
    }
  }
  const target =
    c.filter + at(part * 9 * c.channels * c.columns + channel * c.filterChannel + column * c.filterColumn);
  for (let row = 0; row < depth; row++) {
    transformBack(
      c,
      sums + at(row * columns),
      sumBytes,
      columns,
      target + at(row * c.filterChannel),
      scratch,
    );
  }
}

/** Transforms the sums of one channel back into 9 taps. */
function transformBack(
  c: Winograd,
  from: usize,
  fromBytes: usize,
  columns: i32,
  target: usize,
  scratch: usize,
): void {
  const bytes = at(columns);
  const points = <usize>filterPointsOf(c.scheme);
  for (let i: usize = 0; i < points; i++) {
    filterGradientLine(
      c.scheme,
      from + points * i * fromBytes,
      fromBytes,
      bytes,
      scratch + 3 * i * bytes,
      bytes,
    );
  }
  for (let j = 0; j < 3; j++) {
    const source = scratch + <usize>j * bytes;
    filterGradientLine(c.scheme, source, 3 * bytes, bytes, target + at(j * c.filterTapX), at(c.filterTapY));
  }
}
