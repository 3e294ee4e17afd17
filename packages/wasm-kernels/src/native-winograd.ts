import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry } from './convolution-geometry.ts';
import {
  twoPixelScheme,
  winogradFilterTask,
  winogradGradientTask,
  winogradTask,
} from './convolution-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import { limitPartCount, sumOfParts } from './sum-of-parts.ts';
import { type ConvolutionResult, tilesOf, type WinogradScheme } from './winograd-schemes.ts';

/** Bytes between planes, and maximum channels of a block, as in assembly/winograd-tiles.ts. */
const planeGap = 64;
export const blockChannels = 128;
/** Maximum channels and columns of a block whose filter is transformed with it, so that all of it fits into the cache. */
const smallBlockChannels = 64;
/** Number of chunks of a filter gradient that occupies several threads. More would transform the same inputs repeatedly. */
const minChunks = 8;
/** Chunks of a convolution for each thread. More would transform the same inputs repeatedly. Results do not depend on it. */
const chunksPerThread = 2;
/** Maximum tiles of a float32 sum. */
const maxTerms = 512;

/** Computes `convolve` of native-convolution.ts by Winograd's algorithm. */
export function winogradConvolve(
  scope: KernelScope,
  native: NativeModule,
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | null,
  geometry: ConvolutionGeometry,
  scheme: WinogradScheme,
): TensorInfo {
  const { batch, outChannels, height, width } = geometry;
  const output = scope.allocate([batch, height.output, width.output, outChannels]);
  runConvolution(scope, native, {
    ...forwardConvolution(native, x, output, geometry, scheme, 'output'),
    bias: bias ? native.address(bias) : 0,
    filter: native.address(filter),
  });
  return output;
}

/** Computes `inputGradient` of native-convolution.ts by Winograd's algorithm. */
export function winogradInputGradient(
  scope: KernelScope,
  native: NativeModule,
  dy: TensorInfo,
  filter: TensorInfo,
  geometry: ConvolutionGeometry,
  scheme: WinogradScheme,
): TensorInfo {
  const { batch, inChannels, outChannels, height, width } = geometry;
  const output = scope.allocate([batch, height.input, width.input, inChannels]);
  const tap = inChannels * outChannels;
  const plain = height.stride === 1;
  runConvolution(scope, native, {
    scheme,
    image: native.address(dy),
    batch,
    height: height.output,
    width: width.output,
    channels: outChannels,
    target: native.address(output),
    outHeight: height.input,
    outWidth: width.input,
    columns: inChannels,
    ...tilesOf(geometry, scheme, 'input'),
    // With a stride, tiles start at the padded input, and with the last tap.
    offset: plain ? tileOffset(scheme, 2 - height.padBefore, 2 - width.padBefore) : [-1, -1],
    origin: plain ? [0, 0] : [-height.padBefore, -width.padBefore],
    bias: 0,
    // Taps are in reverse order.
    filter: native.address(filter) + 4 * 8 * tap,
    filterTap: [-3 * tap, -tap],
    filterChannel: 1,
    filterColumn: outChannels,
  });
  return output;
}

/** Computes `filterGradient` of native-filter-gradient.ts by Winograd's algorithm. */
export function winogradFilterGradient(
  scope: KernelScope,
  native: NativeModule,
  x: TensorInfo,
  dy: TensorInfo,
  geometry: ConvolutionGeometry,
  scheme: WinogradScheme,
): TensorInfo {
  const { inChannels, outChannels } = geometry;
  const c = forwardConvolution(native, x, dy, geometry, scheme, 'filter');
  const tiles = tileCount(c);
  const channelsPerBlock = evenPart(inChannels, blockChannels / 2);
  const columnsPerChunk = evenPart(outChannels, blockChannels);
  const { tilesPerBlock } = scheme;
  const blocks = Math.ceil(inChannels / channelsPerBlock) * Math.ceil(outChannels / columnsPerChunk);
  // Long sums lose digits, so each part has a limited number of tiles.
  const requestedParts = Math.max(minChunks / blocks, tiles / maxTerms);
  const parts = limitPartCount(requestedParts, 9 * inChannels * outChannels);
  const tilesPerChunk = roundUp(Math.ceil(tiles / parts), 8);
  const shape = [3, 3, inChannels, outChannels];
  return sumOfParts(scope, native, Math.ceil(tiles / tilesPerChunk), shape, (filter, count) => {
    const sizes = { tilesPerChunk, channelsPerBlock, columnsPerChunk, tilesPerBlock };
    native.run(winogradGradientTask, count * blocks, winogradWords({ ...c, filter }, sizes, 0, 0));
  });
}

/** A convolution of 3 × 3 taps. Pairs are [vertical, horizontal]; strides count elements. */
export interface WinogradConvolution {
  scheme: WinogradScheme;
  /** Address of `[batch, height, width, channels]`. */
  image: number;
  batch: number;
  height: number;
  width: number;
  channels: number;
  /** Address of `[batch, outHeight, outWidth, columns]`. */
  target: number;
  outHeight: number;
  outWidth: number;
  columns: number;
  tiles: [number, number];
  /** Tiles along each axis that are full; see assembly/winograd-places.ts. */
  fullTiles: [number, number];
  offset: [number, number];
  origin: [number, number];
  /** Address; 0 without a bias. */
  bias: number;
  /** Address of the first tap. */
  filter: number;
  filterTap: [number, number];
  filterChannel: number;
  filterColumn: number;
  /** Addresses of what a step of an inference plan does to its results, 0 for none; default: nothing. */
  end?: { borderBias: number; residual: number; slopes: number };
}

function forwardConvolution(
  native: NativeModule,
  x: TensorInfo,
  output: TensorInfo,
  { batch, inChannels, outChannels, height, width }: ConvolutionGeometry,
  scheme: WinogradScheme,
  result: ConvolutionResult,
): WinogradConvolution {
  const tap = inChannels * outChannels;
  return {
    scheme,
    image: native.address(x),
    batch,
    height: height.input,
    width: width.input,
    channels: inChannels,
    target: native.address(output),
    outHeight: height.output,
    outWidth: width.output,
    columns: outChannels,
    ...tilesOf({ height, width }, scheme, result),
    offset: tileOffset(scheme, height.padBefore, width.padBefore),
    origin: [0, 0],
    bias: 0,
    filter: 0,
    filterTap: [3 * tap, tap],
    filterChannel: outChannels,
    filterColumn: 1,
  };
}

/** Returns the position of the first tile's inputs. A tile of two pixels has no padding. */
function tileOffset(scheme: WinogradScheme, top: number, left: number): [number, number] {
  return scheme.id === twoPixelScheme ? [0, 0] : [-top, -left];
}

function runConvolution(scope: KernelScope, native: NativeModule, c: WinogradConvolution): void {
  const tiles = tileCount(c);
  const leastChunks = native.threads === 1 ? 1 : chunksPerThread * native.threads;
  const isCached = c.channels * c.columns <= blockChannels ** 2;
  // If one chunk has all tiles, it transforms the filter itself, in the cache.
  const isSplitByColumns = !isCached && tiles <= c.scheme.tilesPerChunk;
  const maxChannels = isSplitByColumns ? smallBlockChannels : blockChannels;
  // A transformed filter that exceeds the cache should serve many tiles.
  // Products of an odd number of rows have tiles that are not full.
  const shareTiles = (limit: number) =>
    tiles <= limit ? tiles : roundUp(tiles / roundUp(tiles / limit, native.threads), 2);
  let tilesPerChunk = shareTiles(Math.min(c.scheme.tilesPerChunk, isCached ? 30 : 64));
  let columnsPerChunk = evenPart(c.columns, maxChannels);
  const countChunks = () => Math.ceil(tiles / tilesPerChunk) * Math.ceil(c.columns / columnsPerChunk);
  if (isCached && countChunks() < leastChunks) tilesPerChunk = shareTiles(18);
  while (countChunks() < leastChunks && columnsPerChunk > 32) {
    columnsPerChunk = evenPart(columnsPerChunk, columnsPerChunk / 2);
  }
  const channelsPerBlock = evenPart(c.channels, maxChannels);
  const sizes = { tilesPerChunk, channelsPerBlock, columnsPerChunk, tilesPerBlock: 0 };
  if (isSplitByColumns) {
    native.run(winogradTask, countChunks(), winogradWords(c, sizes, 0, 0));
    return;
  }
  const panels = Math.ceil(c.columns / 8);
  const planeBytes = filterPlaneBytes(c.channels, c.columns);
  const transformed = scope.allocate([(c.scheme.filterPlanes * planeBytes) / 4]);
  const words = winogradWords(c, sizes, native.address(transformed), planeBytes);
  native.run(winogradFilterTask, panels, words);
  native.run(winogradTask, countChunks(), words);
}

/** Returns the bytes of a plane of a transformed filter. */
export function filterPlaneBytes(channels: number, columns: number): number {
  return 4 * 8 * Math.ceil(columns / 8) * channels + planeGap;
}

/** Returns the words in the order of assembly/winograd-parameters.ts. */
export function winogradWords(
  c: WinogradConvolution,
  sizes: Record<'tilesPerChunk' | 'channelsPerBlock' | 'columnsPerChunk' | 'tilesPerBlock', number>,
  transformed: number,
  planeBytes: number,
): number[] {
  return [
    ...[c.scheme.id, c.image, c.batch, c.height, c.width, c.channels],
    ...[c.target, c.outHeight, c.outWidth, c.columns, ...c.tiles, ...c.fullTiles],
    ...[...c.offset, ...c.origin, c.bias],
    ...[transformed, planeBytes],
    ...[sizes.tilesPerChunk, sizes.channelsPerBlock, sizes.columnsPerChunk, sizes.tilesPerBlock],
    ...[c.filter, ...c.filterTap, c.filterChannel, c.filterColumn],
    ...(c.end ? [c.end.borderBias, c.end.residual, c.end.slopes] : [0, 0, 0]),
  ];
}

function tileCount({ batch, tiles: [rows, columns] }: WinogradConvolution): number {
  return batch * rows * columns;
}

/** Returns the next multiple. */
function roundUp(value: number, multiple: number): number {
  return multiple * Math.ceil(value / multiple);
}

/** Returns the size of about equal parts: a multiple of 8, at most `limit`. */
export function evenPart(size: number, limit: number): number {
  return 8 * Math.ceil(size / Math.ceil(size / limit) / 8);
}
