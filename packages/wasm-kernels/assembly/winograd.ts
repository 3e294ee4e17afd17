// Convolutions of 3 × 3 taps with stride 1 by Winograd's F(4 × 4, 3 × 3): 36 multiplications for 16 results in place of 144.
// Tiles of 6 × 6 inputs are transformed to 36 planes, in each of which a product of matrices sums over the channels.
import { at, minimum, pack, tileBytes, tileColumns } from './gemm';
import { multiplyRows } from './row-tile';
import { filterPass, gradientPass, inputPass, outputPass } from './winograd-passes';

export const planes: i32 = 36;
/** The most channels and columns of a block. */
export const blockChannels: i32 = 128;
/** The most elements that a chunk may have in one plane. */
const chunkElements: i32 = 1 << 14;
/** Lies between planes of a size that is a power of two, lest all of them fall on the same lines of the cache. */
const gapBytes: usize = 64;

const zeroBytes: usize = at(blockChannels);
const passBytes: usize = at(planes * blockChannels);
/** Scratch memory before the planes. */
export const planesOffset: usize = tileBytes + 2 * zeroBytes + passBytes;

/** Scratch memory of the chunks of all tasks here and in winograd-gradient.ts. */
export function winogradBytes(): usize {
  return planesOffset + <usize>planes * (at(chunkElements) + 4 * gapBytes);
}

/** The parameters of these tasks. src/native-winograd.ts writes them in this order. */
@unmanaged
export class Winograd {
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
  /** The window of the first result begins at this row and column of the image. */
  offsetY: i32;
  offsetX: i32;
  /** 36 planes `[columns / 8, channels, 8]` of transformed filters. */
  planes: usize;
  planeBytes: i32;
  /** `[columns]`; 0: none. */
  bias: usize;
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

// @ts-expect-error: decorator
@inline
export function tilesAlong(size: i32): i32 {
  return (size + 3) >> 2;
}

// @ts-expect-error: decorator
@inline
export function planeBytes(elements: i32): usize {
  return at(elements) + gapBytes;
}

/** Transforms the filter of 8 columns for all channels. */
export function winogradFilterChunk(p: usize, chunk: i32, scratch: usize): void {
  const c = changetype<Winograd>(p);
  const firstColumn = chunk * tileColumns;
  const columns = minimum(tileColumns, c.columns - firstColumn);
  const blockDepth = blockChannels / 8;
  for (let channel = 0; channel < c.channels; channel += blockDepth) {
    const depth = minimum(blockDepth, c.channels - channel);
    const bytes = at(tileColumns * depth);
    const taps = scratch, passed = taps + 9 * bytes;
    for (let tap = 0; tap < 9; tap++) {
      const offset = tap / 3 * c.filterTapY + tap % 3 * c.filterTapX;
      const source = c.filter + at(offset + channel * c.filterChannel + firstColumn * c.filterColumn);
      pack(tileColumns, source, c.filterColumn, c.filterChannel, columns, depth, taps + <usize>tap * bytes, 0);
    }
    for (let row: usize = 0; row < 3; row++) filterPass(taps + row * 3 * bytes, bytes, bytes, passed + row * 6 * bytes, bytes);
    const planeStep = <usize>c.planeBytes;
    let target = c.planes + at(tileColumns * (chunk * c.channels + channel));
    for (let column: usize = 0; column < 6; column++) {
      filterPass(passed + column * bytes, 6 * bytes, bytes, target, 6 * planeStep);
      target += planeStep;
    }
  }
}

/** A block of tiles and columns of the result. */
export function winogradChunk(p: usize, chunk: i32, scratch: usize): void {
  const c = changetype<Winograd>(p);
  const across = (c.columns + c.columnsPerChunk - 1) / c.columnsPerChunk;
  const firstTile = chunk / across * c.tilesPerChunk, firstColumn = chunk % across * c.columnsPerChunk;
  const allTiles = c.batch * tilesAlong(c.outHeight) * tilesAlong(c.outWidth);
  const tiles = minimum(c.tilesPerChunk, allTiles - firstTile);
  const columns = minimum(c.columnsPerChunk, c.columns - firstColumn);
  const paddedColumns = (columns + tileColumns - 1) & -tileColumns;
  const inputs = scratch + planesOffset, inputBytes = planeBytes(tiles * c.channelsPerBlock);
  const sums = inputs + <usize>planes * inputBytes, sumBytes = planeBytes(tiles * paddedColumns);
  clearOutside(scratch);
  for (let channel = 0; channel < c.channels; channel += c.channelsPerBlock) {
    const depth = minimum(c.channelsPerBlock, c.channels - channel);
    for (let tile = 0; tile < tiles; tile++) {
      const to = inputs + at(tile * depth);
      inputTile(c, firstTile + tile, channel, depth, to, inputBytes, scratch);
    }
    let filter = c.planes + at(firstColumn * c.channels + tileColumns * channel);
    for (let plane = 0; plane < planes; plane++) {
      multiplyRows(
        tiles,
        paddedColumns,
        depth,
        inputs + <usize>plane * inputBytes,
        at(depth),
        filter,
        at(tileColumns * c.channels),
        sums + <usize>plane * sumBytes,
        at(paddedColumns),
        channel > 0,
        scratch,
      );
      filter += <usize>c.planeBytes;
    }
  }
  for (let tile = 0; tile < tiles; tile++) {
    const from = sums + at(tile * paddedColumns);
    outputTile(c, firstTile + tile, firstColumn, columns, from, sumBytes, scratch);
  }
}

/** What is read in place of pixels outside of the image. */
export function clearOutside(scratch: usize): void {
  memory.fill(scratch + tileBytes, 0, zeroBytes);
}

/** Transforms some channels of the inputs of a tile into the 36 planes. */
export function inputTile(
  c: Winograd,
  tile: i32,
  channel: i32,
  depth: i32,
  to: usize,
  toBytes: usize,
  scratch: usize,
): void {
  const tilesX = tilesAlong(c.outWidth), tilesY = tilesAlong(c.outHeight);
  const row = tile / tilesX, image = row / tilesY;
  const y = 4 * (row - image * tilesY) + c.offsetY, x = 4 * (tile - row * tilesX) + c.offsetX;
  const zeros = scratch + tileBytes, passed = zeros + 2 * zeroBytes;
  const bytes = at(depth), pixelBytes = at(c.channels), width = <u32>c.width;
  for (let i = 0; i < 6; i++) {
    const target = passed + <usize>(6 * i) * bytes;
    if (<u32>(y + i) >= <u32>c.height) {
      memory.fill(target, 0, 6 * bytes);
      continue;
    }
    const from = c.image + at(((image * c.height + y + i) * c.width + x) * c.channels + channel);
    inputPass(
      <u32>x < width ? from : zeros,
      <u32>(x + 1) < width ? from + pixelBytes : zeros,
      <u32>(x + 2) < width ? from + 2 * pixelBytes : zeros,
      <u32>(x + 3) < width ? from + 3 * pixelBytes : zeros,
      <u32>(x + 4) < width ? from + 4 * pixelBytes : zeros,
      <u32>(x + 5) < width ? from + 5 * pixelBytes : zeros,
      bytes,
      target,
      bytes,
    );
  }
  const rowBytes: usize = 6 * bytes;
  let from = passed, target = to;
  for (let j = 0; j < 6; j++) {
    inputPass(
      from,
      from + rowBytes,
      from + 2 * rowBytes,
      from + 3 * rowBytes,
      from + 4 * rowBytes,
      from + 5 * rowBytes,
      bytes,
      target,
      6 * toBytes,
    );
    from += bytes;
    target += toBytes;
  }
}

/** Transforms some columns of the gradient of a tile into the 36 planes, as `inputTile` does. */
export function gradientTile(
  c: Winograd,
  tile: i32,
  column: i32,
  columns: i32,
  to: usize,
  toBytes: usize,
  scratch: usize,
): void {
  const tilesX = tilesAlong(c.outWidth), tilesY = tilesAlong(c.outHeight);
  const row = tile / tilesX, image = row / tilesY;
  const y = 4 * (row - image * tilesY), x = 4 * (tile - row * tilesX);
  const zeros = scratch + tileBytes, passed = zeros + 2 * zeroBytes;
  const bytes = at(columns), pixelBytes = at(c.columns);
  for (let i = 0; i < 4; i++) {
    const target = passed + <usize>(6 * i) * bytes;
    if (y + i >= c.outHeight) {
      memory.fill(target, 0, 6 * bytes);
      continue;
    }
    const from = c.target + at(((image * c.outHeight + y + i) * c.outWidth + x) * c.columns + column);
    gradientPass(
      from,
      x + 1 < c.outWidth ? from + pixelBytes : zeros,
      x + 2 < c.outWidth ? from + 2 * pixelBytes : zeros,
      x + 3 < c.outWidth ? from + 3 * pixelBytes : zeros,
      bytes,
      target,
      bytes,
    );
  }
  const rowBytes: usize = 6 * bytes;
  let from = passed, target = to;
  for (let j = 0; j < 6; j++) {
    const second = from + rowBytes, third = second + rowBytes;
    gradientPass(from, second, third, third + rowBytes, bytes, target, 6 * toBytes);
    from += bytes;
    target += toBytes;
  }
}

/** Transforms the sums of a tile back, and writes the results that lie inside. */
function outputTile(
  c: Winograd,
  tile: i32,
  column: i32,
  columns: i32,
  from: usize,
  fromBytes: usize,
  scratch: usize,
): void {
  const tilesX = tilesAlong(c.outWidth), tilesY = tilesAlong(c.outHeight);
  const row = tile / tilesX, image = row / tilesY;
  const y = 4 * (row - image * tilesY), x = 4 * (tile - row * tilesX);
  const nowhere = scratch + tileBytes + zeroBytes, passed = nowhere + zeroBytes;
  const bytes = at(columns), rowBytes = at(c.outWidth * c.columns);
  const present = minimum(4, c.outHeight - y);
  for (let i = 0; i < 6; i++) {
    const to = passed + <usize>(4 * i) * bytes;
    outputPass(from, fromBytes, bytes, to, to + bytes, to + 2 * bytes, to + 3 * bytes, 0);
    from += 6 * fromBytes;
  }
  let target = c.target + at(((image * c.outHeight + y) * c.outWidth + x) * c.columns + column);
  for (let j = 0; j < minimum(4, c.outWidth - x); j++) {
    outputPass(
      passed + <usize>j * bytes,
      4 * bytes,
      bytes,
      target,
      present > 1 ? target + rowBytes : nowhere,
      present > 2 ? target + 2 * rowBytes : nowhere,
      present > 3 ? target + 3 * rowBytes : nowhere,
      c.bias == 0 ? 0 : c.bias + at(column),
    );
    target += at(c.columns);
  }
}
