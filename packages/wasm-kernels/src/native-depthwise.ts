import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry } from './convolution-geometry.ts';
import { depthwiseGradientTask, depthwiseTask } from './convolution-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import { sumOfParts } from './sum-of-parts.ts';
import { inputPhases, outputWindows, type Windows } from './windows.ts';

/** Whether the compiled depthwise convolutions cover it. */
export function isCompiledDepthwise({
  inChannels,
  outChannels,
  height,
  width,
}: ConvolutionGeometry): boolean {
  return outChannels === inChannels && height.dilation === 1 && width.dilation === 1;
}

/** The depthwise convolution plus a bias `[channels]` if there is one. */
export function depthwiseConvolve(
  scope: KernelScope,
  native: NativeModule,
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | null,
  { batch, inChannels, height, width }: ConvolutionGeometry,
): TensorInfo {
  const output = scope.allocate([batch, height.output, width.output, inChannels]);
  runRows(native, {
    image: native.address(x),
    batch,
    channels: inChannels,
    height: outputWindows(height),
    width: outputWindows(width),
    filter: native.address(filter),
    filterTap: [width.kernel * inChannels, inChannels],
    target: native.address(output),
    targetImage: height.output * width.output * inChannels,
    targetPixel: [width.output * inChannels, inChannels],
    bias: bias ? native.address(bias) : 0,
  });
  return output;
}

/** Its gradient by the input: for each phase of the inputs a depthwise convolution of `dy`. */
export function depthwiseInputGradient(
  scope: KernelScope,
  native: NativeModule,
  dy: TensorInfo,
  filter: TensorInfo,
  { batch, inChannels, height, width }: ConvolutionGeometry,
): TensorInfo {
  const shape = [batch, height.input, width.input, inChannels];
  // A filter smaller than the stride does not reach every input.
  const covers = height.kernel >= height.stride && width.kernel >= width.stride;
  const output = covers ? scope.allocate(shape) : scope.zeros(shape);
  const tapY = width.kernel * inChannels;
  const pixelY = width.input * inChannels;
  for (const rows of inputPhases(height)) {
    for (const columns of inputPhases(width)) {
      runRows(native, {
        image: native.address(dy),
        batch,
        channels: inChannels,
        height: rows.windows,
        width: columns.windows,
        filter: native.address(filter) + 4 * (rows.lastTap * tapY + columns.lastTap * inChannels),
        filterTap: [-height.stride * tapY, -width.stride * inChannels],
        target: native.address(output) + 4 * (rows.firstInput * pixelY + columns.firstInput * inChannels),
        targetImage: height.input * pixelY,
        targetPixel: [height.stride * pixelY, width.stride * inChannels],
        bias: 0,
      });
    }
  }
  return output;
}

/** Its gradient by the filter, `[height, width, channels, 1]`. */
export function depthwiseFilterGradient(
  scope: KernelScope,
  native: NativeModule,
  x: TensorInfo,
  dy: TensorInfo,
  { batch, inChannels, height, width }: ConvolutionGeometry,
): TensorInfo {
  const rows = batch * height.output;
  const rowsPerChunk = Math.max(Math.ceil(rows / manyChunks), Math.ceil(fewestPixels / width.output));
  const shape = [height.kernel, width.kernel, inChannels, 1];
  return sumOfParts(scope, native, Math.ceil(rows / rowsPerChunk), shape, (filter, parts) => {
    const convolution = {
      image: native.address(x),
      batch,
      channels: inChannels,
      height: outputWindows(height),
      width: outputWindows(width),
      filter,
      filterTap: [width.kernel * inChannels, inChannels],
      target: native.address(dy),
      targetImage: height.output * width.output * inChannels,
      targetPixel: [width.output * inChannels, inChannels],
      bias: 0,
    } as const;
    native.run(depthwiseGradientTask, parts, parameters(convolution, rowsPerChunk));
  });
}

/** Chunks enough for all threads, each with work enough to hand it over. */
const manyChunks = 32;
const fewestPixels = 64;

/** Pairs are vertical and horizontal, strides count elements, the rest addresses. */
interface Depthwise {
  image: number;
  batch: number;
  channels: number;
  height: Windows;
  width: Windows;
  filter: number;
  filterTap: readonly [number, number];
  target: number;
  targetImage: number;
  targetPixel: readonly [number, number];
  bias: number;
}

function runRows(native: NativeModule, c: Depthwise): void {
  const rows = c.batch * c.height.positions;
  const rowsPerChunk = Math.max(Math.ceil(rows / manyChunks), Math.ceil(fewestPixels / c.width.positions));
  native.run(depthwiseTask, Math.ceil(rows / rowsPerChunk), parameters(c, rowsPerChunk));
}

/** In the order of assembly/depthwise.ts. */
function parameters(c: Depthwise, rowsPerChunk: number): number[] {
  return [
    ...[c.image, c.batch, c.height.size, c.width.size, c.channels, c.height.positions, c.width.positions],
    ...[c.height.stride, c.width.stride, c.height.offset, c.width.offset, c.height.taps, c.width.taps],
    ...[c.filter, ...c.filterTap, c.target, c.targetImage, ...c.targetPixel, c.bias, rowsPerChunk],
  ];
}
