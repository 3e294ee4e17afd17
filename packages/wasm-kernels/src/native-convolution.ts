import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry } from './convolution-geometry.ts';
import { convolutionTask } from './convolution-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import { winogradConvolve, winogradInputGradient } from './native-winograd.ts';
import { inputPhases, outputWindows, shareInside, type Windows } from './windows.ts';
import { winogradScheme } from './winograd-schemes.ts';

/** Whether the compiled convolutions cover it. */
export function isCompiled({ height, width }: ConvolutionGeometry): boolean {
  return height.dilation === 1 && width.dilation === 1;
}

/** The convolution, `[batch, height, width, outChannels]`, plus a bias `[outChannels]` if there is one. */
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
  const tapX = inChannels * outChannels;
  runConvolution(native, {
    image: native.address(x),
    batch,
    channels: inChannels,
    columns: outChannels,
    height: outputWindows(height),
    width: outputWindows(width),
    filter: native.address(filter),
    filterTap: [width.kernel * tapX, tapX],
    filterChannel: outChannels,
    filterColumn: 1,
    target: native.address(output),
    targetImage: height.output * width.output * outChannels,
    targetPixel: [width.output * outChannels, outChannels],
    bias: bias ? native.address(bias) : 0,
  });
  return output;
}

/**
 * The gradient of a convolution by its input: for each phase of the inputs a convolution of `dy`, which multiplies no
 * inserted zeros.
 */
export function inputGradient(
  scope: KernelScope,
  native: NativeModule,
  dy: TensorInfo,
  filter: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const scheme = winogradScheme(geometry, 'input');
  if (scheme) return winogradInputGradient(scope, native, dy, filter, geometry, scheme);
  const { batch, inChannels, outChannels, height, width } = geometry;
  const shape = [batch, height.input, width.input, inChannels];
  // A filter smaller than the stride does not reach every input.
  const covers = height.kernel >= height.stride && width.kernel >= width.stride;
  const output = covers ? scope.allocate(shape) : scope.zeros(shape);
  const tapX = inChannels * outChannels;
  const tapY = width.kernel * tapX;
  const pixelY = width.input * inChannels;
  for (const rows of inputPhases(height)) {
    for (const columns of inputPhases(width)) {
      runConvolution(native, {
        image: native.address(dy),
        batch,
        channels: outChannels,
        columns: inChannels,
        height: rows.windows,
        width: columns.windows,
        filter: native.address(filter) + 4 * (rows.lastTap * tapY + columns.lastTap * tapX),
        filterTap: [-height.stride * tapY, -width.stride * tapX],
        filterChannel: 1,
        filterColumn: outChannels,
        target: native.address(output) + 4 * (rows.firstInput * pixelY + columns.firstInput * inChannels),
        targetImage: height.input * pixelY,
        targetPixel: [height.stride * pixelY, width.stride * inChannels],
        bias: 0,
      });
    }
  }
  return output;
}

/** What the task needs to know; pairs are vertical and horizontal, strides count elements, the rest addresses. */
interface Convolution {
  image: number;
  batch: number;
  channels: number;
  columns: number;
  height: Windows;
  width: Windows;
  filter: number;
  filterTap: [number, number];
  filterChannel: number;
  filterColumn: number;
  target: number;
  targetImage: number;
  targetPixel: [number, number];
  bias: number;
}

/** A chunk has at most this many elements, and columns: see assembly/convolution.ts. */
const chunkElements = 2 ** 17;
const chunkColumns = 512;
/** A chunk should have so many rows that packing the filter for it takes little, and there should be enough chunks for all threads. */
const manyRows = 1024;
const fewestRows = 128;
const fewestColumns = 32;
/** More chunks than that would pack the same pixels and the same filter more often. The results do not depend on them. */
const chunksPerThread = 4;

function runConvolution(native: NativeModule, c: Convolution): void {
  const rows = c.batch * c.height.positions * c.width.positions;
  const manyChunks = chunksPerThread * native.threads;
  let columnsPerChunk = Math.min(chunkColumns, c.columns);
  let rowsPerChunk = Math.min(manyRows, 2 ** Math.floor(Math.log2(chunkElements / columnsPerChunk)));
  const chunks = () => Math.ceil(rows / rowsPerChunk) * Math.ceil(c.columns / columnsPerChunk);
  while (chunks() < manyChunks && rowsPerChunk > fewestRows) rowsPerChunk /= 2;
  while (chunks() < manyChunks && columnsPerChunk >= 2 * fewestColumns) {
    columnsPerChunk = 8 * Math.ceil(columnsPerChunk / 16);
  }
  native.run(convolutionTask, chunks(), [
    ...[c.image, c.batch, c.height.size, c.width.size, c.channels],
    ...[c.height.positions, c.width.positions],
    ...[c.height.stride, c.width.stride, c.height.offset, c.width.offset, c.height.taps, c.width.taps],
    ...[c.filter, ...c.filterTap, c.filterChannel, c.filterColumn],
    ...[c.target, c.targetImage, ...c.targetPixel, c.columns, c.bias],
    ...[rowsPerChunk, columnsPerChunk, isByPixel(c) ? 1 : 0],
  ]);
}

/** On images of a few pixels, so many taps lie outside that it pays to leave them out, pixel by pixel. */
function isByPixel({ channels, batch, height, width }: Convolution): boolean {
  return channels >= 128 && batch >= 4 && shareInside(height) * shareInside(width) < 0.9;
}
