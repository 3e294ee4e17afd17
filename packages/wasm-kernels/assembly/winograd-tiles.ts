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

/** The most channels and columns of a block. */
export const blockChannels: i32 = 128;
/** Lies between planes of a size that is a power of two, lest all of them fall on the same lines of the cache. */
const gapBytes: usize = 64;

/** Scratch memory: a tile of a product, a table of addresses, zeros, a place for what is not wanted, a transformed tile. */
const tableOffset: usize = tileBytes;
const zerosOffset: usize = tableOffset + 64;
const nowhereOffset: usize = zerosOffset + at(blockChannels);
const passedOffset: usize = nowhereOffset + at(blockChannels);
export const planesOffset: usize = passedOffset + at(81 * blockChannels);

/** The parameters of the tasks. src/native-winograd.ts writes them in this order. */
@unmanaged
export class Winograd {
  scheme: i32;
  /** `[batch, height, width, channels]`. */
  image: usize;
  batch: i32;
  height: i32;
  width: i32;
  channels: i32;
  /** `[batch, outHeight, outWidth, columns]`: what is computed, or the gradient that is given. */
  target: usize;
  outHeight: i32;
  outWidth: i32;
  columns: i32;
  /** Tiles of an image. The inputs of the first one begin at the offset, its results at the origin. */
  tilesY: i32;
  tilesX: i32;
  offsetY: i32;
  offsetX: i32;
  originY: i32;
  originX: i32;
  /** `[columns]`; 0: none. */
  bias: usize;
  /** 36 planes `[columns / 8, channels, 8]` of transformed filters. */
  planes: usize;
  planeBytes: i32;
  tilesPerChunk: i32;
  channelsPerBlock: i32;
  columnsPerChunk: i32;
  /** Tiles of a chunk that the gradient by the filter takes at a time. */
  tilesPerBlock: i32;
  /** Element (tapY, tapX, channel, column) of the filter, or of its gradient, lies at these multiples. */
  filter: usize;
  filterTapY: i32;
  filterTapX: i32;
  filterChannel: i32;
  filterColumn: i32;
}

// @inline
export function planeBytes(elements: i32): usize {
  return at(elements) + gapBytes;
}

/** To be called before the first tile. */
export function clearZeros(scratch: usize): void {
  memory.fill(scratch + zerosOffset, 0, at(blockChannels));
}

// @inline
function setEntry(table: usize, index: i32, address: usize): void {
  store<usize>(table + at(index), address);
}

/** Transforms some channels of the inputs of a tile into all planes. */
export function inputTile(
  c: Winograd,
  tile: i32,
  channel: i32,
  depth: i32,
  to: usize,
  toBytes: usize,
  scratch: usize,
): void {
  const scheme = c.scheme;
  const window = windowOf(scheme);
  const points = pointsOf(scheme);
  const row = tile / c.tilesX;
  const image = row / c.tilesY;
  const y = inputStepOf(scheme) * (row - image * c.tilesY) + c.offsetY;
  const x = inputStepOf(scheme) * (tile - row * c.tilesX) + c.offsetX;
  const table = scratch + tableOffset;
  const zeros = scratch + zerosOffset;
  const passed = scratch + passedOffset;
  const bytes = at(depth);
  const rowBytes = <usize>points * bytes;
  for (let i = 0; i < window; i++) {
    const target = passed + <usize>i * rowBytes;
    if (<u32>(y + i) >= <u32>c.height) {
      memory.fill(target, 0, rowBytes);
      continue;
    }
    let from = c.image + at(((image * c.height + y + i) * c.width + x) * c.channels + channel);
    for (let j = 0; j < window; j++) {
      setEntry(table, j, <u32>(x + j) < <u32>c.width ? from : zeros);
      from += at(c.channels);
    }
    inputLine(scheme, table, bytes, target, bytes);
  }
  for (let j = 0; j < points; j++) {
    for (let i = 0; i < window; i++) setEntry(table, i, passed + <usize>i * rowBytes + <usize>j * bytes);
    inputLine(scheme, table, bytes, to + <usize>j * toBytes, <usize>points * toBytes);
  }
}

/** Transforms some columns of the gradient by the results of a tile into all planes. */
export function gradientTile(
  c: Winograd,
  tile: i32,
  column: i32,
  columns: i32,
  to: usize,
  toBytes: usize,
  scratch: usize,
): void {
  const scheme = c.scheme;
  const points = pointsOf(scheme);
  const row = tile / c.tilesX;
  const image = row / c.tilesY;
  const y = 4 * (row - image * c.tilesY);
  const x = 4 * (tile - row * c.tilesX);
  const table = scratch + tableOffset;
  const zeros = scratch + zerosOffset;
  const passed = scratch + passedOffset;
  const bytes = at(columns);
  const rowBytes = <usize>points * bytes;
  for (let i = 0; i < 4; i++) {
    const target = passed + <usize>i * rowBytes;
    if (y + i >= c.outHeight) {
      memory.fill(target, 0, rowBytes);
      continue;
    }
    let from = c.target + at(((image * c.outHeight + y + i) * c.outWidth + x) * c.columns + column);
    for (let j = 0; j < 4; j++) {
      setEntry(table, j, x + j < c.outWidth ? from : zeros);
      from += at(c.columns);
    }
    gradientLine(scheme, table, bytes, target, bytes);
  }
  for (let j = 0; j < points; j++) {
    for (let i = 0; i < 4; i++) setEntry(table, i, passed + <usize>i * rowBytes + <usize>j * bytes);
    gradientLine(scheme, table, bytes, to + <usize>j * toBytes, <usize>points * toBytes);
  }
}

/** Transforms the sums of a tile back, and writes the results that lie inside. */
export function outputTile(
  c: Winograd,
  tile: i32,
  column: i32,
  columns: i32,
  from: usize,
  fromBytes: usize,
  scratch: usize,
): void {
  const scheme = c.scheme;
  const points = pointsOf(scheme);
  const results = resultsOf(scheme);
  const row = tile / c.tilesX;
  const image = row / c.tilesY;
  const y = results * (row - image * c.tilesY) + c.originY;
  const x = results * (tile - row * c.tilesX) + c.originX;
  const table = scratch + tableOffset;
  const nowhere = scratch + nowhereOffset;
  const passed = scratch + passedOffset;
  const bytes = at(columns);
  const rowBytes = <usize>results * bytes;
  for (let i = 0; i < points; i++) {
    for (let j = 0; j < results; j++) setEntry(table, j, passed + <usize>i * rowBytes + <usize>j * bytes);
    outputLine(scheme, from + <usize>(i * points) * fromBytes, fromBytes, bytes, table, 0);
  }
  const bias = c.bias == 0 ? 0 : c.bias + at(column);
  const first = max(-x, 0);
  const end = min(results, c.outWidth - x);
  for (let j = first; j < end; j++) {
    for (let i = 0; i < results; i++) {
      const pixel = (image * c.outHeight + y + i) * c.outWidth + x + j;
      setEntry(
        table,
        i,
        <u32>(y + i) < <u32>c.outHeight ? c.target + at(pixel * c.columns + column) : nowhere,
      );
    }
    outputLine(scheme, passed + <usize>j * bytes, rowBytes, bytes, table, bias);
  }
}
