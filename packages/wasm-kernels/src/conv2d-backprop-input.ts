import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import {
  type AxisGeometry,
  type ConvolutionAttributes,
  type ConvolutionGeometry,
  convolutionGeometry,
  crop,
  cropForPadding,
} from './convolution-geometry.ts';
import { insertZeros } from './insert-zeros.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { inputGradient, isCompiled } from './native-convolution.ts';
import { nativeModule } from './native-module.ts';

/**
 * `Conv2DBackpropInput`: the gradient of a convolution with respect to its input, which is also the forward pass of
 * `conv2dTranspose`.
 */
export const conv2DBackpropInput: ScopedKernel<
  { dy: TensorInfo; filter: TensorInfo },
  ConvolutionAttributes & { inputShape: number[] }
> = (scope, { dy, filter }, attributes) => {
  const name = 'Conv2DBackpropInput';
  const { inputShape } = attributes;
  const geometry = convolutionGeometry(name, inputShape, filter.shape, attributes, false, dy.shape);
  return convolutionInputGradient(scope, dy, filter, geometry);
};

/**
 * Returns the input gradient of a convolution, `[batch, height, width, inChannels]`. Compiled if the geometry is supported,
 * else one convolution of `dy`.
 *
 * With stride 1, the filter is the forward one rotated by 180°, with input and output channels exchanged. With stride
 * `s`, the inputs whose padded position has the same remainder modulo `s`, the *phase*, meet the same taps, so each
 * phase has a smaller filter. One convolution computes all phases as output channels, which are then interleaved. It
 * multiplies no inserted zeros.
 */
export function convolutionInputGradient(
  scope: KernelScope,
  dy: TensorInfo,
  filter: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const { batch, inChannels } = geometry;
  const inputShape = [batch, geometry.height.input, geometry.width.input, inChannels];
  const native = nativeModule(scope.backend);
  if (native && isCompiled(geometry) && util.sizeFromShape(inputShape) * util.sizeFromShape(dy.shape) > 0) {
    return inputGradient(scope, native, dy, filter, geometry);
  }
  const rows = planAxis(geometry.height);
  const columns = planAxis(geometry.width);
  const { x, pad } = cropForPadding(scope, dy, rows.margin, columns.margin);
  // The cropped dy is empty if no output reads any input.
  if (util.sizeFromShape(x.shape) * inChannels === 0) return scope.zeros(inputShape);

  const phases = scope.run(
    'Conv2D',
    { x, filter: phaseFilter(scope, filter, rows, columns) },
    { strides: [1, 1], dilations: [rows.dilation, columns.dilation], pad, dataFormat: 'NHWC' },
  );
  const interleaved = interleave(scope, phases, rows.phases, columns.phases);
  const strideY = geometry.height.stride / rows.phases;
  const strideX = geometry.width.stride / columns.phases;
  const spread = insertZeros(scope, interleaved, strideY, strideX);
  if (util.arraysEqual(spread.shape, inputShape)) return spread;
  const { input: height } = geometry.height;
  const { input: width } = geometry.width;
  return crop(scope, spread, rows.first, columns.first, [batch, height, width, inChannels]);
}

/** Plan for one axis of the gradient. */
interface AxisPlan {
  /** Phases to compute. The others are zero. */
  phases: number;
  /** Taps of the filter of one phase. */
  taps: number;
  /** Dilation of the convolution of `dy`. */
  dilation: number;
  margin: { before: number; after: number };
  /** Position of the first input in the interleaved results. */
  first: number;
  /** Returns the tap of the forward filter for a tap of a phase's filter, or undefined for zero. */
  forwardTap(phase: number, tap: number): number | undefined;
}

function planAxis({ input, output, kernel, stride, dilation, padBefore }: AxisGeometry): AxisPlan {
  const span = (kernel - 1) * dilation + 1;
  // With stride 1 a dilated filter stays dilated. Otherwise its gaps become explicit zeros.
  const taps = stride === 1 ? kernel : Math.ceil(span / stride);
  const step = stride === 1 ? dilation : 1;
  const firstRow = Math.floor(padBefore / stride);
  const lastRow = Math.floor((padBefore + input - 1) / stride);
  return {
    // A filter with one tap reaches only the first phase.
    phases: span === 1 ? 1 : stride,
    taps,
    dilation: step,
    margin: { before: (taps - 1) * step - firstRow, after: lastRow + 1 - output },
    first: padBefore - firstRow * stride,
    forwardTap(phase, tap) {
      const offset = phase + (taps - 1 - tap) * stride * step;
      return offset % dilation === 0 && offset < span ? offset / dilation : undefined;
    },
  };
}

/** Returns the filter `[tapY, tapX, outChannels, phaseY × phaseX × inChannels]` of the convolution of `dy`. */
function phaseFilter(scope: KernelScope, filter: TensorInfo, rows: AxisPlan, columns: AxisPlan): TensorInfo {
  const [, kernelWidth, inChannels, outChannels] = filter.shape as [number, number, number, number];
  const depth = rows.phases * columns.phases * inChannels;
  const output = scope.zeros([rows.taps, columns.taps, outChannels, depth]);
  const source = scope.view(filter);
  const target = scope.view(output);
  for (let tapY = 0; tapY < rows.taps; tapY++) {
    for (let tapX = 0; tapX < columns.taps; tapX++) {
      for (let phase = 0; phase < rows.phases * columns.phases; phase++) {
        const forwardY = rows.forwardTap(Math.floor(phase / columns.phases), tapY);
        const forwardX = columns.forwardTap(phase % columns.phases, tapX);
        if (forwardY === undefined || forwardX === undefined) continue;
        const from = (forwardY * kernelWidth + forwardX) * inChannels * outChannels;
        const to = (tapY * columns.taps + tapX) * outChannels * depth + phase * inChannels;
        for (let outChannel = 0; outChannel < outChannels; outChannel++) {
          for (let inChannel = 0; inChannel < inChannels; inChannel++) {
            target[to + outChannel * depth + inChannel] =
              source[from + inChannel * outChannels + outChannel]!;
          }
        }
      }
    }
  }
  return output;
}

/**
 * Reorders `[batch, height, width, phasesY × phasesX × channels]` to
 * `[batch, height·phasesY, width·phasesX, channels]`.
 */
function interleave(scope: KernelScope, x: TensorInfo, phasesY: number, phasesX: number): TensorInfo {
  if (phasesY * phasesX === 1) return x;
  const [batch, height, width, depth] = x.shape as [number, number, number, number];
  const rowDepth = depth / phasesY;
  const split = scope.reshape(x, [batch * height, width, phasesY, rowDepth]);
  const rows = phasesY === 1 ? split : scope.transpose(split, [0, 2, 1, 3]);
  return scope.reshape(rows, [batch, height * phasesY, width * phasesX, rowDepth / phasesX]);
}
