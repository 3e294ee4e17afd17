import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry } from './convolution-geometry.ts';
import { winogradFilterTask, winogradGradientTask, winogradTask } from './convolution-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import { sumOfParts } from './sum-of-parts.ts';
import { outputWindows, shareInside } from './windows.ts';

/** Results of a tile in each direction, and planes of its transform. */
const tileSize = 4;
const planes = 36;
/** See assembly/winograd.ts: what lies between planes, and the most channels of a block. */
const planeGap = 64;
const blockChannels = 128;
/** Enough chunks for some threads; more would transform the same inputs again. */
const manyChunks = 8;

/**
 * Whether Winograd's F(4 × 4, 3 × 3) covers the convolution, or its gradient by its input or filter, and takes less time
 * than the direct way. Both are estimated in multiplications for each input and output channel: a tile takes 36, with its
 * transforms about 45, and the transform of the filter as long as several hundred.
 */
export function winogradPays(geometry: ConvolutionGeometry, of: 'output' | 'input' | 'filter'): boolean {
  const { batch, inChannels, outChannels, height, width } = geometry;
  for (const axis of [height, width]) if (axis.kernel !== 3 || axis.stride !== 1) return false;
  if (inChannels % 4 !== 0 || outChannels % 4 !== 0) return false;
  const side = of === 'input' ? 'input' : 'output';
  const [rows, columns] = [height[side], width[side]];
  const winograd = 45 * tileCount(batch, rows, columns) + (of === 'filter' ? 300 : 500);
  // The direct way leaves out taps outside of small images; see there.
  const inside = shareInside(outputWindows(height)) * shareInside(outputWindows(width));
  const leavesOut = of === 'filter' ? inChannels >= 64 : inChannels >= 128 && batch >= 4;
  return winograd < 9 * batch * rows * columns * (leavesOut ? inside : 1);
}

/** `convolve` of native-convolution.ts. */
export function winogradConvolve(
  scope: KernelScope,
  native: NativeModule,
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | null,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const { batch, outChannels, height, width } = geometry;
  const output = scope.allocate([batch, height.output, width.output, outChannels]);
  run(scope, native, {
    ...forwardConvolution(native, x, output, geometry),
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
): TensorInfo {
  const { batch, inChannels, outChannels, height, width } = geometry;
  const output = scope.allocate([batch, height.input, width.input, inChannels]);
  const tap = inChannels * outChannels;
  run(scope, native, {
    image: native.address(dy),
    batch,
    height: height.output,
    width: width.output,
    channels: outChannels,
    target: native.address(output),
    outHeight: height.input,
    outWidth: width.input,
    columns: inChannels,
    offset: [height.padBefore - 2, width.padBefore - 2],
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
): TensorInfo {
  const { batch, inChannels, outChannels, height, width } = geometry;
  const tiles = tileCount(batch, height.output, width.output);
  const channelsPerBlock = evenPart(inChannels, 64);
  const columnsPerChunk = evenPart(outChannels, blockChannels);
  const tilesPerBlock = 32;
  const blocks = Math.ceil(inChannels / channelsPerBlock) * Math.ceil(outChannels / columnsPerChunk);
  // Long sums lose digits.
  const parts = Math.max(manyChunks / blocks, tiles / longestSum);
  const tilesPerChunk = tilesPerBlock * Math.ceil(tiles / tilesPerBlock / Math.ceil(parts));
  const shape = [3, 3, inChannels, outChannels];
  return sumOfParts(scope, native, Math.ceil(tiles / tilesPerChunk), shape, (filter, count) => {
    const convolution = { ...forwardConvolution(native, x, dy, geometry), filter };
    const sizes = { tilesPerChunk, channelsPerBlock, columnsPerChunk, tilesPerBlock };
    native.run(winogradGradientTask, count * blocks, parameters(convolution, sizes, 0, 0));
  });
}

/** The most tiles that are added up in float32. */
const longestSum = 512;

/** A convolution of 3 × 3 taps with stride 1: strides count elements, the rest addresses. */
interface Convolution {
  image: number;
  batch: number;
  height: number;
  width: number;
  channels: number;
  target: number;
  outHeight: number;
  outWidth: number;
  columns: number;
  offset: [number, number];
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
): Convolution {
  const tap = inChannels * outChannels;
  return {
    image: native.address(x),
    batch,
    height: height.input,
    width: width.input,
    channels: inChannels,
    target: native.address(output),
    outHeight: height.output,
    outWidth: width.output,
    columns: outChannels,
    offset: [-height.padBefore, -width.padBefore],
    bias: 0,
    filter: 0,
    filterTap: [3 * tap, tap],
    filterChannel: outChannels,
    filterColumn: 1,
  };
}

function run(scope: KernelScope, native: NativeModule, c: Convolution): void {
  const tiles = tileCount(c.batch, c.outHeight, c.outWidth);
  // A transformed filter that does not stay in the cache should serve many tiles.
  const cached = c.channels * c.columns <= blockChannels ** 2;
  let tilesPerChunk = cached ? 32 : 64;
  let columnsPerChunk = evenPart(c.columns, blockChannels);
  const chunks = () => Math.ceil(tiles / tilesPerChunk) * Math.ceil(c.columns / columnsPerChunk);
  if (cached && chunks() < manyChunks) tilesPerChunk = 16;
  while (chunks() < manyChunks && columnsPerChunk > 32)
    columnsPerChunk = evenPart(columnsPerChunk, columnsPerChunk / 2);

  const panels = Math.ceil(c.columns / 8);
  const planeBytes = 4 * 8 * panels * c.channels + planeGap;
  const transformed = scope.allocate([(planes * planeBytes) / 4]);
  const channelsPerBlock = evenPart(c.channels, blockChannels);
  const sizes = { tilesPerChunk, channelsPerBlock, columnsPerChunk, tilesPerBlock: 0 };
  const words = parameters(c, sizes, native.address(transformed), planeBytes);
  native.run(winogradFilterTask, panels, words);
  native.run(winogradTask, chunks(), words);
}

/** In the order of assembly/winograd.ts. */
function parameters(
  c: Convolution,
  sizes: Record<'tilesPerChunk' | 'channelsPerBlock' | 'columnsPerChunk' | 'tilesPerBlock', number>,
  transformed: number,
  planeBytes: number,
): number[] {
  return [
    ...[c.image, c.batch, c.height, c.width, c.channels],
    ...[c.target, c.outHeight, c.outWidth, c.columns, ...c.offset],
    ...[transformed, planeBytes, c.bias],
    ...[sizes.tilesPerChunk, sizes.channelsPerBlock, sizes.columnsPerChunk, sizes.tilesPerBlock],
    ...[c.filter, ...c.filterTap, c.filterChannel, c.filterColumn],
  ];
}

function tileCount(batch: number, height: number, width: number): number {
  return batch * Math.ceil(height / tileSize) * Math.ceil(width / tileSize);
}

/** The size of parts, multiples of 8 and at most `most`, that are about equal. */
function evenPart(size: number, most: number): number {
  return 8 * Math.ceil(size / Math.ceil(size / most) / 8);
}
