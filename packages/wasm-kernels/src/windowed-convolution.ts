import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry } from './convolution-geometry.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import { inputPhases, outputWindows, type Windows } from './windows.ts';

/** An image and the windows of it that the results read. */
export interface WindowedImage {
  /** Address of `[batch, height, width, channels]`. */
  readonly image: number;
  readonly batch: number;
  readonly channels: number;
  readonly height: Windows;
  readonly width: Windows;
}

/** A convolution, full or depthwise. Pairs are [vertical, horizontal]; strides count elements. */
export interface WindowedConvolution extends WindowedImage {
  /** Address of the first tap. */
  readonly filter: number;
  readonly filterTap: readonly [number, number];
  /** Address of the first result. */
  readonly target: number;
  readonly targetImage: number;
  readonly targetPixel: readonly [number, number];
  /** Address; 0 without a bias. */
  readonly bias: number;
}

/** Returns the words of assembly/windowed-image.ts. */
export function windowedImageWords({ image, batch, channels, height, width }: WindowedImage): number[] {
  // Flat: spreading arrays takes several percent of a small convolution.
  return [
    image,
    batch,
    height.size,
    width.size,
    channels,
    height.positions,
    width.positions,
    height.stride,
    width.stride,
    height.offset,
    width.offset,
    height.taps,
    width.taps,
  ];
}

/** Returns the windows of `x` that the outputs read. */
export function outputImage(
  native: NativeModule,
  x: TensorInfo,
  { batch, inChannels, height, width }: ConvolutionGeometry,
): WindowedImage {
  return {
    image: native.address(x),
    batch,
    channels: inChannels,
    height: outputWindows(height),
    width: outputWindows(width),
  };
}

/**
 * Returns the forward convolution.
 *
 * @param filter its address
 * @param tapSize elements of the filter for each tap
 */
export function forwardConvolution(
  native: NativeModule,
  operands: { x: TensorInfo; filter: number; output: TensorInfo; bias: TensorInfo | null },
  geometry: ConvolutionGeometry,
  tapSize: number,
): WindowedConvolution {
  const { x, filter, output, bias } = operands;
  const { batch, inChannels, outChannels, height, width } = geometry;
  // Not spread from outputImage, for the same reason.
  return {
    image: native.address(x),
    batch,
    channels: inChannels,
    height: outputWindows(height),
    width: outputWindows(width),
    filter,
    filterTap: [width.kernel * tapSize, tapSize],
    target: native.address(output),
    targetImage: height.output * width.output * outChannels,
    targetPixel: [width.output * outChannels, outChannels],
    bias: bias ? native.address(bias) : 0,
  };
}

/**
 * Computes the input gradient, `[batch, height, width, inChannels]`, as convolutions of `dy`: one for each phase of the
 * inputs. They multiply no inserted zeros.
 *
 * @param tapSize elements of the filter for each tap
 */
export function runInputConvolutions(
  scope: KernelScope,
  native: NativeModule,
  { dy, filter }: { dy: TensorInfo; filter: TensorInfo },
  { batch, inChannels, outChannels, height, width }: ConvolutionGeometry,
  tapSize: number,
  run: (convolution: WindowedConvolution) => void,
): TensorInfo {
  const shape = [batch, height.input, width.input, inChannels];
  // A filter smaller than the stride does not reach every input.
  const reachesAll = height.kernel >= height.stride && width.kernel >= width.stride;
  const output = reachesAll ? scope.allocate(shape) : scope.zeros(shape);
  const tapY = width.kernel * tapSize;
  const pixelY = width.input * inChannels;
  for (const rows of inputPhases(height)) {
    for (const columns of inputPhases(width)) {
      run({
        image: native.address(dy),
        batch,
        channels: outChannels,
        height: rows.windows,
        width: columns.windows,
        filter: native.address(filter) + 4 * (rows.lastTap * tapY + columns.lastTap * tapSize),
        filterTap: [-height.stride * tapY, -width.stride * tapSize],
        target: native.address(output) + 4 * (rows.firstInput * pixelY + columns.firstInput * inChannels),
        targetImage: height.input * pixelY,
        targetPixel: [height.stride * pixelY, width.stride * inChannels],
        bias: 0,
      });
    }
  }
  return output;
}
