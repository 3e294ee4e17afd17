import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry } from './convolution-geometry.ts';
import { winogradFilterTask, winogradGradientTask, winogradTask } from './convolution-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import { affordableParts, sumOfParts } from './sum-of-parts.ts';
import { tilesAlong, type Wanted, type WinogradScheme } from './winograd-schemes.ts';

/** See assembly/winograd-tiles.ts: what lies between planes, and the most channels of a block. */
const planeGap = 64;
const blockChannels = 128;
/** Planes of a transformed filter. */
const filterPlanes = 36;
/** Enough chunks for some threads; more would transform the same inputs again. */
const manyChunks = 8;
/** The most tiles that are added up in float32. */
const longestSum = 512;

/** `convolve` of native-convolution.ts. */
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
  run(scope, native, {
    ...forwardConvolution(native, x, output, geometry, scheme, 'output'),
    bias: bias ? native.address(bias) : 0,
    filter: native.address(filter),
  });
  return output;
}

/** `inputGradient` of native-convolution.ts. */
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
  run(scope, native, {
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
    tiles: [tilesAlong(height, scheme, 'input'), tilesAlong(width, scheme, 'input')],
    // With a stride, tiles begin where the padded input does, and with the last tap.
    offset: plain ? [height.padBefore - 2, width.padBefore - 2] : [-1, -1],
    origin: plain ? [0, 0] : [-height.padBefore, -width.padBefore],
    bias: 0,
    // The taps in reverse order.
    filter: native.address(filter) + 4 * 8 * tap,
    filterTap: [-3 * tap, -tap],
    filterChannel: 1,
    filterColumn: outChannels,
  });
  return output;
}

/** `filterGradient` of native-filter-gradient.ts. */
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
  // Long sums lose digits.
  const wanted = Math.max(manyChunks / blocks, tiles / longestSum);
  const parts = affordableParts(wanted, 9 * inChannels * outChannels);
  const tilesPerChunk = tilesPerBlock * Math.ceil(tiles / tilesPerBlock / parts);
  const shape = [3, 3, inChannels, outChannels];
  return sumOfParts(scope, native, Math.ceil(tiles / tilesPerChunk), shape, (filter, count) => {
    const sizes = { tilesPerChunk, channelsPerBlock, columnsPerChunk, tilesPerBlock };
    native.run(winogradGradientTask, count * blocks, parameters({ ...c, filter }, sizes, 0, 0));
  });
}

/** A convolution of 3 × 3 taps: strides count elements, the rest addresses, pairs are vertical and horizontal. */
interface Convolution {
  scheme: WinogradScheme;
  image: number;
  batch: number;
  height: number;
  width: number;
  channels: number;
  target: number;
  outHeight: number;
  outWidth: number;
  columns: number;
  tiles: [number, number];
  offset: [number, number];
  origin: [number, number];
  bias: number;
  filter: number;
  filterTap: [number, number];
  filterChannel: number;
  filterColumn: number;
}

function forwardConvolution(
  native: NativeModule,
  x: TensorInfo,
  output: TensorInfo,
  { batch, inChannels, outChannels, height, width }: ConvolutionGeometry,
  scheme: WinogradScheme,
  of: Wanted,
): Convolution {
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
    tiles: [tilesAlong(height, scheme, of), tilesAlong(width, scheme, of)],
    offset: [-height.padBefore, -width.padBefore],
    origin: [0, 0],
    bias: 0,
    filter: 0,
    filterTap: [3 * tap, tap],
    filterChannel: outChannels,
    filterColumn: 1,
  };
}

function run(scope: KernelScope, native: NativeModule, c: Convolution): void {
  const tiles = tileCount(c);
  // A transformed filter that does not stay in the cache should serve many tiles.
  const cached = c.channels * c.columns <= blockChannels ** 2;
  let tilesPerChunk = Math.min(c.scheme.tilesPerChunk, cached ? 32 : 64);
  let columnsPerChunk = evenPart(c.columns, blockChannels);
  const chunks = () => Math.ceil(tiles / tilesPerChunk) * Math.ceil(c.columns / columnsPerChunk);
  if (cached && chunks() < manyChunks) tilesPerChunk = 16;
  while (chunks() < manyChunks && columnsPerChunk > 32) {
    columnsPerChunk = evenPart(columnsPerChunk, columnsPerChunk / 2);
  }

  const panels = Math.ceil(c.columns / 8);
  const planeBytes = 4 * 8 * panels * c.channels + planeGap;
  const transformed = scope.allocate([(filterPlanes * planeBytes) / 4]);
  const channelsPerBlock = evenPart(c.channels, blockChannels);
  const sizes = { tilesPerChunk, channelsPerBlock, columnsPerChunk, tilesPerBlock: 0 };
  const words = parameters(c, sizes, native.address(transformed), planeBytes);
  native.run(winogradFilterTask, panels, words);
  native.run(winogradTask, chunks(), words);
}

/** In the order of assembly/winograd-tiles.ts. */
function parameters(
  c: Convolution,
  sizes: Record<'tilesPerChunk' | 'channelsPerBlock' | 'columnsPerChunk' | 'tilesPerBlock', number>,
  transformed: number,
  planeBytes: number,
): number[] {
  return [
    ...[c.scheme.id, c.image, c.batch, c.height, c.width, c.channels],
    ...[c.target, c.outHeight, c.outWidth, c.columns, ...c.tiles, ...c.offset, ...c.origin, c.bias],
    ...[transformed, planeBytes],
    ...[sizes.tilesPerChunk, sizes.channelsPerBlock, sizes.columnsPerChunk, sizes.tilesPerBlock],
    ...[c.filter, ...c.filterTap, c.filterChannel, c.filterColumn],
  ];
}

function tileCount({ batch, tiles: [rows, columns] }: Convolution): number {
  return batch * rows * columns;
}

/** The size of parts, multiples of 8 and at most `most`, that are about equal. */
function evenPart(size: number, most: number): number {
  return 8 * Math.ceil(size / Math.ceil(size / most) / 8);
}
