// The two-dimensional transforms of one tile and some of its channels: along rows, then along columns.
import { at } from './lanes';
import { tileBytes } from './tile';
import {
  gradientLine,
  inputLine,
  inputStepOf,
  outputLine,
  pointsOf,
  resultsOf,
  windowOf,
} from './winograd-lines';
import { Winograd } from './winograd-parameters';
import { firstPixel, isLastPoint, pixelsOf, TilePlace } from './winograd-places';

/** Maximum number of channels, and of columns, in a block. */
export const blockChannels: i32 = 128;
/** Bytes between planes. Without them, planes whose size is a power of two would compete for the same cache lines. */
const gapBytes: usize = 64;

/** Scratch memory: a tile of a product, a place, a table of addresses, zeros, discarded results, a tile transformed along rows. */
export const placeOffset: usize = tileBytes;
const tableOffset: usize = placeOffset + 16;
const zerosOffset: usize = tableOffset + 48;
const discardOffset: usize = zerosOffset + at(blockChannels);
export const transformedOffset: usize = discardOffset + at(blockChannels);
export const planesOffset: usize = transformedOffset + at(81 * blockChannels);

/** Returns the bytes from one plane to the next. */
// @inline
export function planeBytes(elements: i32): usize {
  return at(elements) + gapBytes;
}

/** Clears the zeros. Call it before the first tile. */
export function clearZeros(scratch: usize): void {
  memory.fill(scratch + zerosOffset, 0, at(blockChannels));
}

// @inline
function setEntry(table: usize, index: i32, address: usize): void {
  store<usize>(table + at(index), address);
}

/** Transforms some channels of the inputs of a tile into the planes that the tile needs, `toBytes` apart. */
export function inputTile(
  c: Winograd,
  place: TilePlace,
  channel: i32,
  depth: i32,
  to: usize,
  toBytes: usize,
  scratch: usize,
): void {
  const step = inputStepOf(c.scheme);
  const y = firstPixel(place.row, c.fullTilesY, step) + c.offsetY;
  const x = firstPixel(place.column, c.fullTilesX, step) + c.offsetX;
  const from = c.image + at(((place.image * c.height + y) * c.width + x) * c.channels + channel);
  transformTile(
    false,
    c,
    place,
    windowOf(c.scheme),
    step,
    from,
    c.height,
    c.width,
    c.channels,
    y,
    x,
    depth,
    to,
    toBytes,
    scratch,
  );
}

/** Transforms some columns of the gradient of a tile's results into the planes that the tile needs, `toBytes` apart. */
export function gradientTile(
  c: Winograd,
  place: TilePlace,
  column: i32,
  columns: i32,
  to: usize,
  toBytes: usize,
  scratch: usize,
): void {
  const size = resultsOf(c.scheme);
  const y = firstPixel(place.row, c.fullTilesY, size);
  const x = firstPixel(place.column, c.fullTilesX, size);
  const from = c.target + at(((place.image * c.outHeight + y) * c.outWidth + x) * c.columns + column);
  transformTile(
    true,
    c,
    place,
    size,
    size,
    from,
    c.outHeight,
    c.outWidth,
    c.columns,
    y,
    x,
    columns,
    to,
    toBytes,
    scratch,
  );
}

/**
 * Transforms `size × size` pixels, along rows and then along columns. The first pixel, (y, x), is at `from`; pixels outside
 * the image `[height, width, channels]` are zeros, and so are the last ones of a short tile. Full tiles are `step` pixels apart.
 */
// @inline
function transformTile(
  isGradient: bool,
  c: Winograd,
  place: TilePlace,
  size: i32,
  step: i32,
  from: usize,
  height: i32,
  width: i32,
  channels: i32,
  y: i32,
  x: i32,
  depth: i32,
  to: usize,
  toBytes: usize,
  scratch: usize,
): void {
  const scheme = c.scheme;
  const points = pointsOf(scheme);
  const rows = pixelsOf(place.row, c.fullTilesY, size, step);
  const columns = pixelsOf(place.column, c.fullTilesX, size, step);
  const isShort = columns < size;
  const table = scratch + tableOffset;
  const zeros = scratch + zerosOffset;
  const transformed = scratch + transformedOffset;
  const bytes = at(depth);
  const rowBytes = <usize>points * bytes;
  for (let i = 0; i < size; i++) {
    const target = transformed + <usize>i * rowBytes;
    if (i >= rows || <u32>(y + i) >= <u32>height) {
      memory.fill(target, 0, rowBytes);
      continue;
    }
    let pixel = from + at(i * width * channels);
    for (let j = 0; j < size; j++) {
      setEntry(table, j, j < columns && <u32>(x + j) < <u32>width ? pixel : zeros);
      pixel += at(channels);
    }
    if (isGradient) gradientLine(scheme, table, bytes, target, bytes);
    else inputLine(scheme, table, bytes, target, bytes);
  }
  for (let j = 0; j < points; j++) {
    if (isShort && isLastPoint(scheme, j)) continue;
    for (let i = 0; i < size; i++) setEntry(table, i, transformed + <usize>i * rowBytes + <usize>j * bytes);
    const target = to + <usize>j * toBytes;
    if (isGradient) gradientLine(scheme, table, bytes, target, <usize>points * toBytes);
    else inputLine(scheme, table, bytes, target, <usize>points * toBytes);
  }
}

/** Transforms the sums of a tile back, and writes the results that lie inside the image. */
export function outputTile(
  c: Winograd,
  place: TilePlace,
  column: i32,
  columns: i32,
  from: usize,
  fromBytes: usize,
  scratch: usize,
): void {
  const scheme = c.scheme;
  const points = pointsOf(scheme);
  const results = resultsOf(scheme);
  const y = firstPixel(place.row, c.fullTilesY, results) + c.originY;
  const x = firstPixel(place.column, c.fullTilesX, results) + c.originX;
  // The sums at the last points affect only the results that a short tile lacks.
  const endRow = y + pixelsOf(place.row, c.fullTilesY, results, results);
  const isShort = endRow < y + results;
  const table = scratch + tableOffset;
  const discard = scratch + discardOffset;
  const transformed = scratch + transformedOffset;
  const bytes = at(columns);
  const rowBytes = <usize>results * bytes;
  for (let i = 0; i < points; i++) {
    if (isShort && isLastPoint(scheme, i)) continue;
    for (let j = 0; j < results; j++)
      setEntry(table, j, transformed + <usize>i * rowBytes + <usize>j * bytes);
    outputLine(scheme, from + <usize>(i * points) * fromBytes, fromBytes, bytes, table, 0);
  }
  const bias = c.bias == 0 ? 0 : c.bias + at(column);
  const first = max(-x, 0);
  const end = min(pixelsOf(place.column, c.fullTilesX, results, results), c.outWidth - x);
  const endInside = min(endRow, c.outHeight);
  for (let j = first; j < end; j++) {
    for (let i = 0; i < results; i++) {
      const isInside = y + i >= 0 && y + i < endInside;
      const pixel = (place.image * c.outHeight + y + i) * c.outWidth + x + j;
      setEntry(table, i, isInside ? c.target + at(pixel * c.columns + column) : discard);
    }
    outputLine(scheme, transformed + <usize>j * bytes, rowBytes, bytes, table, bias);
  }
}
