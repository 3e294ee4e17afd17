import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { AxisGeometry, Margin } from './convolution-geometry.ts';
import type { KernelScope } from './kernel-scope.ts';

/**
 * Inserts `strideHeight - 1` rows and `strideWidth - 1` columns of zeros after each row and column of `x`
 * `[batch, height, width, channels]`, including the last.
 */
export function insertZeros(
  scope: KernelScope,
  x: TensorInfo,
  strideHeight: number,
  strideWidth: number,
): TensorInfo {
  if (strideHeight === 1 && strideWidth === 1) return x;
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const rows = scope.reshape(x, [batch * height, 1, width, channels]);
  const paddings = [
    [0, 0],
    [0, strideHeight - 1],
    [0, 0],
    [0, (strideWidth - 1) * channels],
  ];
  const spread = scope.run('PadV2', { x: rows }, { paddings, constantValue: 0 });
  return scope.reshape(spread, [batch, height * strideHeight, width * strideWidth, channels]);
}

/**
 * Returns the padding of `dy` with inserted zeros for which its convolution by the rotated filter has the size of the
 * input.
 */
export function gradientMargin({ input, output, kernel, stride, dilation, padBefore }: AxisGeometry): Margin {
  return { before: (kernel - 1) * dilation - padBefore, after: input + padBefore - output * stride };
}
