import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry } from './convolution-geometry.ts';
import { convolutionTask } from './convolution-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import { winogradConvolve, winogradInputGradient } from './native-winograd.ts';
import {
  forwardConvolution,
  runInputConvolutions,
  type WindowedConvolution,
  windowedImageWords,
} from './windowed-convolution.ts';
import { shareInside } from './windows.ts';
import { winogradScheme } from './winograd-schemes.ts';

/** Whether the compiled convolutions support this geometry. */
export function isCompiled({ height, width }: ConvolutionGeometry): boolean {
  return height.dilation === 1 && width.dilation === 1;
}

/** Returns the convolution, `[batch, height, width, outChannels]`, plus a bias `[outChannels]` unless it is null. */
export function convolve(
  scope: KernelScope,
  native: NativeModule,
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | null,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const scheme = winogradScheme(geometry, 'output');
  if (scheme) return winogradConvolve(scope, native, x, filter, bias, geometry, scheme);
  const { batch, inChannels, outChannels, height, width } = geometry;
  const output = scope.allocate([batch, height.output, width.output, outChannels]);
  const operands = { x, filter: native.address(filter), output, bias };
  runConvolution(native, {
    ...forwardConvolution(native, operands, geometry, inChannels * outChannels),
    columns: outChannels,
    runColumns: outChannels,
    runStep: 0,
    filterChannel: outChannels,
    filterColumn: 1,
  });
  return output;
}

/** Returns the input gradient of a convolution, `[batch, height, width, inChannels]`. */
export function inputGradient(
  scope: KernelScope,
  native: NativeModule,
  dy: TensorInfo,
  filter: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const scheme = winogradScheme(geometry, 'input');
  if (scheme) return winogradInputGradient(scope, native, dy, filter, geometry, scheme);
  if (hasDisjointWindows(geometry)) return disjointInputGradient(scope, native, dy, filter, geometry);
  const { inChannels, outChannels } = geometry;
  const layout = {
    columns: inChannels,
    runColumns: inChannels,
    runStep: 0,
    filterChannel: 1,
    filterColumn: outChannels,
  };
  const run = (part: WindowedConvolution) => runConvolution(native, { ...part, ...layout });
  return runInputConvolutions(scope, native, { dy, filter }, geometry, inChannels * outChannels, run);
}

/** Whether the windows of the outputs cover the image without overlap. */
function hasDisjointWindows({ height, width }: ConvolutionGeometry): boolean {
  return [height, width].every(
    ({ input, output, kernel, stride, padBefore }) =>
      kernel === stride && padBefore === 0 && input === output * stride,
  );
}

/** Computes `inputGradient` for windows that do not overlap: a product whose columns are the elements of a window. */
function disjointInputGradient(
  scope: KernelScope,
  native: NativeModule,
  dy: TensorInfo,
  filter: TensorInfo,
  { batch, inChannels, outChannels, height, width }: ConvolutionGeometry,
): TensorInfo {
  const output = scope.allocate([batch, height.input, width.input, inChannels]);
  const rowElements = width.input * inChannels;
  const runColumns = width.kernel * inChannels;
  runConvolution(native, {
    image: native.address(dy),
    batch,
    channels: outChannels,
    height: { size: height.output, positions: height.output, taps: 1, stride: 1, offset: 0 },
    width: { size: width.output, positions: width.output, taps: 1, stride: 1, offset: 0 },
    filter: native.address(filter),
    filterTap: [0, 0],
    filterChannel: 1,
    filterColumn: outChannels,
    target: native.address(output),
    targetImage: height.input * rowElements,
    targetPixel: [height.stride * rowElements, runColumns],
    columns: height.kernel * runColumns,
    runColumns,
    runStep: rowElements,
    bias: 0,
  });
  return output;
}

/** A convolution whose filter multiplies every channel with every column, an output channel. Strides count elements. */
interface Convolution extends WindowedConvolution {
  readonly columns: number;
  /** Columns that are adjacent in the target, and the stride from one such run to the next. */
  readonly runColumns: number;
  readonly runStep: number;
  readonly filterChannel: number;
  readonly filterColumn: number;
}

/** Maximum elements and columns of a chunk's result, as in assembly/convolution.ts. */
const maxChunkElements = 2 ** 17;
const maxChunkColumns = 512;
/** Rows of a chunk. The preferred number makes packing the filter cheap. Fewer rows give more threads a chunk. */
const preferredChunkRows = 1024;
const minChunkRows = 128;
const minChunkColumns = 32;
/** Chunks for each thread. More would pack the same pixels and the same filter more often. Results do not depend on it. */
const chunksPerThread = 4;

function runConvolution(native: NativeModule, c: Convolution): void {
  const rows = c.batch * c.height.positions * c.width.positions;
  const minChunks = chunksPerThread * native.threads;
  let columnsPerChunk = Math.min(maxChunkColumns, c.columns);
  const affordableRows = 2 ** Math.floor(Math.log2(maxChunkElements / columnsPerChunk));
  let rowsPerChunk = Math.min(preferredChunkRows, affordableRows);
  const countChunks = () => Math.ceil(rows / rowsPerChunk) * Math.ceil(c.columns / columnsPerChunk);
  while (countChunks() < minChunks && rowsPerChunk > minChunkRows) rowsPerChunk /= 2;
  while (countChunks() < minChunks && columnsPerChunk >= 2 * minChunkColumns) {
    columnsPerChunk = 8 * Math.ceil(columnsPerChunk / 16);
  }
  native.run(convolutionTask, countChunks(), [
    ...windowedImageWords(c),
    ...[c.filter, ...c.filterTap, c.filterChannel, c.filterColumn],
    ...[c.target, c.targetImage, ...c.targetPixel, c.columns, c.runColumns, c.runStep, c.bias],
    ...[rowsPerChunk, columnsPerChunk, isByPixel(c) ? 1 : 0],
  ]);
}

/** Whether it pays to skip taps outside the image pixel by pixel. On images of a few pixels, many taps are outside. */
function isByPixel({ channels, batch, height, width }: Convolution): boolean {
  return channels >= 128 && batch >= 4 && shareInside(height) * shareInside(width) < 0.9;
}
