import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry } from './convolution-geometry.ts';
import { depthwiseGradientTask, depthwiseTask } from './convolution-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import { sumOfParts } from './sum-of-parts.ts';
import {
  forwardConvolution,
  runInputConvolutions,
  type WindowedConvolution,
  windowedImageWords,
} from './windowed-convolution.ts';

/** Whether the compiled depthwise convolutions support this geometry. */
export function isCompiledDepthwise({
  inChannels,
  outChannels,
  height,
  width,
}: ConvolutionGeometry): boolean {
  return outChannels === inChannels && height.dilation === 1 && width.dilation === 1;
}

/** Returns the depthwise convolution, `[batch, height, width, channels]`, plus a bias `[channels]` unless it is null. */
export function depthwiseConvolve(
  scope: KernelScope,
  native: NativeModule,
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | null,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const { batch, inChannels, height, width } = geometry;
  const output = scope.allocate([batch, height.output, width.output, inChannels]);
  const operands = { x, filter: native.address(filter), output, bias };
  runDepthwise(native, forwardConvolution(native, operands, geometry, inChannels));
  return output;
}

/** Returns the input gradient, `[batch, height, width, channels]`. */
export function depthwiseInputGradient(
  scope: KernelScope,
  native: NativeModule,
  dy: TensorInfo,
  filter: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const run = (part: WindowedConvolution) => runDepthwise(native, part);
  return runInputConvolutions(scope, native, { dy, filter }, geometry, geometry.inChannels, run);
}

/** Returns the filter gradient, `[height, width, channels, 1]`. */
export function depthwiseFilterGradient(
  scope: KernelScope,
  native: NativeModule,
  x: TensorInfo,
  dy: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const { batch, inChannels, height, width } = geometry;
  const rows = batch * height.output;
  const rowsPerChunk = chunkRows(rows, width.output);
  const shape = [height.kernel, width.kernel, inChannels, 1];
  return sumOfParts(scope, native, Math.ceil(rows / rowsPerChunk), shape, (filter, parts) => {
    const operands = { x, filter, output: dy, bias: null };
    const convolution = forwardConvolution(native, operands, geometry, inChannels);
    native.run(depthwiseGradientTask, parts, parameters(convolution, rowsPerChunk));
  });
}

/** Enough chunks for all threads, but no chunk so small that handing it to a thread costs more than its work. */
const maxChunks = 32;
const minChunkPixels = 64;

function chunkRows(rows: number, rowPixels: number): number {
  return Math.max(Math.ceil(rows / maxChunks), Math.ceil(minChunkPixels / rowPixels));
}

/** Addresses of what a step of an inference plan does to its results; 0 for none. */
interface DepthwiseEnd {
  readonly residual: number;
  readonly slopes: number;
}

const noEnd: DepthwiseEnd = { residual: 0, slopes: 0 };

/** Computes a depthwise convolution. */
export function runDepthwise(
  native: Pick<NativeModule, 'run'>,
  c: WindowedConvolution,
  end?: DepthwiseEnd,
): void {
  const rows = c.batch * c.height.positions;
  const rowsPerChunk = chunkRows(rows, c.width.positions);
  native.run(depthwiseTask, Math.ceil(rows / rowsPerChunk), parameters(c, rowsPerChunk, end));
}

/** Returns the words in the order of assembly/depthwise.ts. */
function parameters(
  c: WindowedConvolution,
  rowsPerChunk: number,
  { residual, slopes }: DepthwiseEnd = noEnd,
): number[] {
  const [tapY, tapX] = c.filterTap;
  const [pixelY, pixelX] = c.targetPixel;
  const words = windowedImageWords(c);
  words.push(c.filter, tapY, tapX, c.target, c.targetImage, pixelY, pixelX, c.bias, rowsPerChunk);
  words.push(residual, slopes);
  return words;
}
