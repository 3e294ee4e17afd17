import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type ConvolutionAttributes, convolutionGeometry } from './convolution-geometry.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { depthwiseFilterGradient, isCompiledDepthwise } from './native-depthwise.ts';
import { nativeModule } from './native-module.ts';
import { outputsThatRead } from './windows.ts';

/**
 * `DepthwiseConv2dNativeBackpropFilter`: the gradient of a depthwise convolution with respect to its filter,
 * `dW[k, c, m] = Σ_{n, o} x[n, o·stride + k·dilation - pad, c] · dy[n, o, c·multiplier + m]`.
 *
 * Compiled if the geometry is supported, else a loop that adds in float64. XNNPACK is no alternative: `dy` would be the
 * filter, and its depthwise convolutions are fast only for 2×2, 3×3 and 5×5 filters.
 */
export const depthwiseBackpropFilter: ScopedKernel<
  { x: TensorInfo; dy: TensorInfo },
  ConvolutionAttributes & { filterShape: number[] }
> = (scope, { x, dy }, attributes) => {
  const { filterShape } = attributes;
  const name = 'DepthwiseConv2dNativeBackpropFilter';
  const geometry = convolutionGeometry(name, x.shape, filterShape, attributes, true, dy.shape);
  const { batch, inChannels, outChannels, height, width } = geometry;
  const native = nativeModule(scope.backend);
  if (
    native &&
    isCompiledDepthwise(geometry) &&
    util.sizeFromShape(x.shape) * util.sizeFromShape(dy.shape) > 0
  ) {
    return depthwiseFilterGradient(scope, native, x, dy, geometry);
  }
  const output = scope.allocate(filterShape);
  const sums = new Float64Array(util.sizeFromShape(filterShape));
  const columns = Array.from({ length: width.kernel }, (_, tapX) => outputsThatRead(width, tapX));
  const products: RowProducts = {
    input: scope.view(x),
    gradient: scope.view(dy),
    sums,
    outChannels,
    multiplier: outChannels / inChannels,
    inputStep: width.stride * inChannels,
  };

  // With taps in the inner loop, both rows of a product stay in the cache for all taps.
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row < height.output; row++) {
      const outputRow = (image * height.output + row) * width.output;
      for (let tapY = 0; tapY < height.kernel; tapY++) {
        const y = row * height.stride + tapY * height.dilation - height.padBefore;
        if (y < 0 || y >= height.input) continue;
        const inputRow = (image * height.input + y) * width.input;
        for (let tapX = 0; tapX < width.kernel; tapX++) {
          const { first, end, shift } = columns[tapX]!;
          const firstInput = (inputRow + first * width.stride + shift) * inChannels;
          const firstOutput = (outputRow + first) * outChannels;
          const firstSum = (tapY * width.kernel + tapX) * outChannels;
          addRow(products, firstSum, firstInput, firstOutput, end - first);
        }
      }
    }
  }
  scope.view(output).set(sums);
  return output;
};

interface RowProducts {
  input: ArrayLike<number>;
  gradient: ArrayLike<number>;
  sums: Float64Array;
  outChannels: number;
  multiplier: number;
  /** Elements between the inputs of adjacent outputs. */
  inputStep: number;
}

/** Adds the products of `count` outputs of one row with the inputs that one tap of the filter reads. */
function addRow(
  { input, gradient, sums, outChannels, multiplier, inputStep }: RowProducts,
  firstSum: number,
  firstInput: number,
  firstOutput: number,
  count: number,
): void {
  for (let channel = 0; channel < outChannels; channel++) {
    let from = firstInput + (multiplier === 1 ? channel : Math.floor(channel / multiplier));
    let to = firstOutput + channel;
    // Two independent sums, whose additions need not wait for each other.
    let even = 0;
    let odd = 0;
    let column = 0;
    for (; column + 1 < count; column += 2) {
      even += input[from]! * gradient[to]!;
      odd += input[from + inputStep]! * gradient[to + outChannels]!;
      from += 2 * inputStep;
      to += 2 * outChannels;
    }
    if (column < count) even += input[from]! * gradient[to]!;
    sums[firstSum + channel]! += even + odd;
  }
}
