import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { AxisGeometry, ConvolutionGeometry } from './convolution-geometry.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import { runWinograd } from './native-winograd.ts';
import { convolutionTask } from './task-ids.ts';

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
  const { batch, inChannels, outChannels, height, width } = geometry;
  const output = scope.allocate([batch, height.output, width.output, outChannels]);
  const tapX = inChannels * outChannels;
  if ((globalThis as any).WINO && height.kernel === 3 && width.kernel === 3 && height.stride === 1 && width.stride === 1) {
    runWinograd(scope, native, {
      image: native.address(x), batch, height: height.input, width: width.input, channels: inChannels,
      target: native.address(output), outHeight: height.output, outWidth: width.output, columns: outChannels,
      offset: [-height.padBefore, -width.padBefore], bias: 0, filter: native.address(filter), filterTap: [3 * tapX, tapX], filterChannel: outChannels, filterColumn: 1,
    });
    return output;
  }
  runConvolution(native, {
    image: native.address(x),
    batch,
    channels: inChannels,
    columns: outChannels,
    height: forwardAxis(height),
    width: forwardAxis(width),
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
 * The gradient of a convolution by its input. With a stride, inputs whose padded position leaves the same rest (their
 * phase) are reached by the same taps: one convolution of `dy` for each phase, which multiplies no zeros.
 */
export function inputGradient(
  scope: KernelScope,
  native: NativeModule,
  dy: TensorInfo,
  filter: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const { batch, inChannels, outChannels, height, width } = geometry;
  const shape = [batch, height.input, width.input, inChannels];
  // A filter smaller than the stride does not reach every input.
  const covers = height.kernel >= height.stride && width.kernel >= width.stride;
  const output = covers ? scope.allocate(shape) : scope.zeros(shape);
  const tapX = inChannels * outChannels;
  const tapY = width.kernel * tapX;
  const pixelY = width.input * inChannels;
  for (const rows of phases(height)) {
    for (const columns of phases(width)) {
      runConvolution(native, {
        image: native.address(dy),
        batch,
        channels: outChannels,
        columns: inChannels,
        height: rows.axis,
        width: columns.axis,
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

/** Windows along one axis: that of position `p` begins at `p · stride + offset`. */
interface Windows {
  size: number;
  positions: number;
  taps: number;
  stride: number;
  offset: number;
}

function forwardAxis({ input, output, kernel, stride, padBefore }: AxisGeometry): Windows {
  return { size: input, positions: output, taps: kernel, stride, offset: -padBefore };
}

/** The phases of the inputs of one axis, each as windows of `dy`, with the taps that reach it in reverse order. */
function phases({ input, output, kernel, stride, padBefore }: AxisGeometry) {
  return Array.from({ length: Math.min(stride, kernel) }, (_, rest) => {
    const firstInput = (((rest - padBefore) % stride) + stride) % stride;
    const taps = Math.ceil((kernel - rest) / stride);
    const axis: Windows = {
      size: output,
      positions: Math.ceil((input - firstInput) / stride),
      taps,
      stride: 1,
      offset: (firstInput + padBefore - rest) / stride - (taps - 1),
    };
    return { axis, firstInput, lastTap: rest + (taps - 1) * stride };
  }).filter(({ axis }) => axis.positions > 0);
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
/** A chunk should have so many rows that packing the filter for it takes little, and enough chunks for all threads. */
const fewestRows = 128;
const fewestColumns = 32;
const manyChunks = 16;

function runConvolution(native: NativeModule, c: Convolution): void {
  const rows = c.batch * c.height.positions * c.width.positions;
  let columnsPerChunk = Math.min(chunkColumns, c.columns);
  let rowsPerChunk = Math.min(1024, Math.floor(chunkElements / columnsPerChunk / fewestRows) * fewestRows);
  const chunks = () => Math.ceil(rows / rowsPerChunk) * Math.ceil(c.columns / columnsPerChunk);
  while (chunks() < manyChunks && rowsPerChunk > fewestRows) rowsPerChunk /= 2;
  while (chunks() < manyChunks && columnsPerChunk >= 2 * fewestColumns) {
    columnsPerChunk = 8 * Math.ceil(columnsPerChunk / 16);
  }
  // On images of a few pixels, many taps lie outside.
  const byPixel = c.channels >= 128 && c.batch >= 4 && inside(c.height) * inside(c.width) < 0.9;
  native.run(convolutionTask, chunks(), [
    ...[c.image, c.batch, c.height.size, c.width.size, c.channels],
    ...[c.height.positions, c.width.positions],
    ...[c.height.stride, c.width.stride, c.height.offset, c.width.offset, c.height.taps, c.width.taps],
    ...[c.filter, ...c.filterTap, c.filterChannel, c.filterColumn],
    ...[c.target, c.targetImage, ...c.targetPixel, c.columns, c.bias],
    ...[rowsPerChunk, columnsPerChunk, byPixel ? 1 : 0],
  ]);
}

/** The share of taps that lie inside of the image. */
function inside({ size, positions, taps, stride, offset }: Windows): number {
  let count = 0;
  for (let position = 0; position < positions; position++) {
    const first = position * stride + offset;
    count += Math.max(0, Math.min(size, first + taps) - Math.max(0, first));
  }
  return count / (positions * taps);
}
