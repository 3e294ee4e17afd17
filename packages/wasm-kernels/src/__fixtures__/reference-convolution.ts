import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { values } from './run-kernel.ts';

/** A convolution to test. For depthwise ones, `outChannels` is the channel multiplier. */
export interface ConvolutionCase {
  batch: number;
  input: [number, number];
  inChannels: number;
  outChannels: number;
  kernel: [number, number];
  strides: [number, number];
  dilations: [number, number];
  pad: 'same' | 'valid' | number | [[number, number], [number, number], [number, number], [number, number]];
  dimRoundingMode: 'floor' | 'ceil' | 'round' | undefined;
}

/** Operands and results of a {@link ConvolutionCase}. */
export interface ReferenceConvolution {
  inputShape: number[];
  filterShape: number[];
  outputShape: number[];
  x: Float32Array;
  filter: Float32Array;
  dy: Float32Array;
  y: Float64Array;
  dx: Float64Array;
  dFilter: Float64Array;
  attributes: object;
}

/**
 * Computes the convolution and both gradients by definition, in float64. Visits each product of the forward convolution
 * once. The cpu backend ignores dilations, so it cannot be the reference.
 *
 * @param change applied to the random operands
 */
export function referenceConvolution(
  test: ConvolutionCase,
  depthwise: boolean,
  change: (value: number) => number = (value) => value,
): ReferenceConvolution {
  const { batch, input, inChannels, kernel, strides, dilations, pad, dimRoundingMode } = test;
  const inputShape: [number, number, number, number] = [batch, ...input, inChannels];
  const filterShape: [number, number, number, number] = [...kernel, inChannels, test.outChannels];
  const { outHeight, outWidth, outChannels, padInfo } = tf.backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    depthwise,
  );
  const outputShape = [batch, outHeight, outWidth, outChannels];
  const x = values(tf.util.sizeFromShape(inputShape), 1).map(change);
  const filter = values(tf.util.sizeFromShape(filterShape), 2).map(change);
  const dy = values(tf.util.sizeFromShape(outputShape), 3).map(change);
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  const dFilter = new Float64Array(filter.length);
  for (let output = 0; output < dy.length; output++) {
    const outChannel = output % outChannels;
    const column = Math.floor(output / outChannels) % outWidth;
    const row = Math.floor(output / (outChannels * outWidth)) % outHeight;
    const image = Math.floor(output / (outChannels * outWidth * outHeight));
    for (let tapY = 0; tapY < kernel[0]; tapY++) {
      const top = row * strides[0] + tapY * dilations[0] - padInfo.top;
      if (top < 0 || top >= input[0]) continue;
      for (let tapX = 0; tapX < kernel[1]; tapX++) {
        const left = column * strides[1] + tapX * dilations[1] - padInfo.left;
        if (left < 0 || left >= input[1]) continue;
        const first = depthwise ? Math.floor(outChannel / test.outChannels) : 0;
        const last = depthwise ? first : inChannels - 1;
        for (let inChannel = first; inChannel <= last; inChannel++) {
          const from = ((image * input[0] + top) * input[1] + left) * inChannels + inChannel;
          const tap = (tapY * kernel[1] + tapX) * inChannels + inChannel;
          const weight = tap * test.outChannels + (outChannel % test.outChannels);
          y[output]! += x[from]! * filter[weight]!;
          dx[from]! += dy[output]! * filter[weight]!;
          dFilter[weight]! += dy[output]! * x[from]!;
        }
      }
    }
  }
  const attributes = {
    strides,
    dilations,
    pad,
    dimRoundingMode,
    dataFormat: 'NHWC',
    inputShape,
    filterShape,
  };
  return { inputShape, filterShape, outputShape, x, filter, dy, y, dx, dFilter, attributes };
}

/** Convolutions of 3 × 3 taps with many channels, like most layers, on images down to one pixel. */
export const layerCases: fc.Arbitrary<ConvolutionCase> = fc
  .record({
    batch: fc.integer({ min: 1, max: 5 }),
    input: pair(1, 9),
    inChannels: fc.constantFrom(4, 8, 12, 20, 36, 64, 66, 128, 132),
    outChannels: fc.constantFrom(4, 8, 12, 20, 36, 65, 128, 132),
    stride: fc.constantFrom(1, 1, 1, 2, 3),
    pad: fc.constantFrom('same' as const, 0, 1, 2),
  })
  .map(
    ({ stride, ...rest }): ConvolutionCase => ({
      ...rest,
      kernel: [3, 3],
      strides: [stride, stride],
      dilations: [1, 1],
      dimRoundingMode: typeof rest.pad === 'number' ? 'floor' : undefined,
    }),
  )
  .filter(hasOutput);

/** Convolutions of every kind: odd sizes, rectangular filters, all paddings, both strides and dilations. */
export const convolutionCases: fc.Arbitrary<ConvolutionCase> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    input: pair(1, 9),
    inChannels: fc.integer({ min: 1, max: 5 }),
    outChannels: fc.integer({ min: 1, max: 4 }),
    kernel: pair(1, 5),
    strides: pair(1, 3),
    dilations: pair(1, 2),
    padding: fc.constantFrom('same' as const, 'valid' as const, 'number' as const, 'explicit' as const),
    margins: fc.tuple(pair(0, 4), pair(0, 4)),
    dimRoundingMode: fc.constantFrom('floor' as const, 'ceil' as const, 'round' as const),
  })
  .map(({ padding, margins, dimRoundingMode, ...rest }): ConvolutionCase => {
    const [vertical, horizontal] = margins;
    if (padding === 'number') return { ...rest, pad: vertical[0], dimRoundingMode };
    if (padding === 'explicit') {
      return { ...rest, pad: [[0, 0], vertical, horizontal, [0, 0]], dimRoundingMode };
    }
    return { ...rest, pad: padding, dimRoundingMode: undefined };
  })
  .filter(hasOutput);

function hasOutput(test: ConvolutionCase): boolean {
  const { outHeight, outWidth } = tf.backend_util.computeConv2DInfo(
    [test.batch, ...test.input, test.inChannels],
    [...test.kernel, test.inChannels, test.outChannels],
    test.strides,
    test.dilations,
    test.pad,
    test.dimRoundingMode,
  );
  return outHeight > 0 && outWidth > 0;
}

function pair(min: number, max: number): fc.Arbitrary<[number, number]> {
  return fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
}
