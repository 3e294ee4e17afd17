import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { repeatsIn } from './activation.ts';
import { columnSums, finishSums } from './column-sums.ts';
import { columnConstants, columnsOf, requireFloats, requireSize, rowWidth } from './columns.ts';
import { preluGradientSums } from './elementwise-task-ids.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';

/**
 * `PreluGrad`: the gradients of x and alpha in one pass. The gradient of x is `dy`, or `alpha · dy` where x is not
 * positive. The gradient of alpha is `Σ dy x` over these x, in float64. Alpha has the last axes of x, usually one: a
 * slope for each channel.
 */
export const preluGrad: ScopedKernel<
  { dy: TensorInfo; x: TensorInfo; alpha: TensorInfo },
  object,
  TensorInfo[]
> = (scope, { dy, x, alpha }) => {
  requireFloats('PreluGrad', { dy, x, alpha });
  requireSize('PreluGrad', 'dy', dy, x, util.sizeFromShape(x.shape));
  if (!repeatsIn(x.shape, alpha.shape)) {
    throw new Error(
      `PreluGrad: alpha of shape [${alpha.shape}] must have the last axes of x of shape [${x.shape}].`,
    );
  }
  const dx = scope.allocate(x.shape);
  const slopeGradient = scope.zeros(alpha.shape);
  const columns = columnsOf(x, util.sizeFromShape(alpha.shape));
  const { rows, channels } = columns;
  if (rows * channels === 0) return [dx, slopeGradient];
  const native = nativeModule(scope.backend);
  if (native) {
    const constants = columnConstants(scope, native, rowWidth(columns), [scope.read(alpha)]);
    const operands = [native.address(x), native.address(dy), ...constants, native.address(dx)];
    const sums = columnSums(scope, native, columns, { kind: preluGradientSums, quantities: 1, operands });
    finishSums(native, sums, slopeGradient, 1);
    return [dx, slopeGradient];
  }
  const [values, gradients, slopes, results] = scope.views(x, dy, alpha, dx);
  const sums = new Float64Array(channels);
  for (let start = 0; start < rows * channels; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const gradient = gradients[start + channel]!;
      const value = values[start + channel]!;
      const positive = value > 0;
      results[start + channel] = positive ? gradient : gradient * slopes[channel]!;
      if (!positive) sums[channel]! += gradient * value;
    }
  }
  scope.view(slopeGradient).set(sums);
  return [dx, slopeGradient];
};
