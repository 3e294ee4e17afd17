import type { TensorInfo } from '@tensorflow/tfjs-core';
import { chunkElements, chunksOf } from './chunks.ts';
import { channelSums, columnSums } from './column-sums.ts';
import { type Columns, columnConstants, columnsOf, requireFloats, requireSize, rowWidth } from './columns.ts';
import { batchNormGradientSums, batchNormGradientTask } from './elementwise-task-ids.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';
import { channelValues } from './normalize-columns.ts';

/** Inputs of `BatchNormTrainingGrad`: inputs and outputs of `BatchNormTraining`, and the gradient of y. */
export interface BatchNormGradientInputs {
  dy: TensorInfo;
  x: TensorInfo;
  mean: TensorInfo;
  variance: TensorInfo;
  scale?: TensorInfo | null;
}

/**
 * `BatchNormTrainingGrad`: the gradients of x, scale and offset. The gradient of x includes the batch statistics.
 *
 * With `x̂ = (x − mean) / deviation`: `dOffset = Σ dy`, `dScale = Σ dy x̂` and
 * `dx = scale / deviation · (dy − dOffset / rows − x̂ dScale / rows)`. One pass computes the sums, a second one dx.
 *
 * The input mean is rounded to float32, which matters if it is much larger than the deviation. The mean of x̂, which would
 * otherwise be zero, measures that error and corrects for it.
 */
export const batchNormTrainingGrad: ScopedKernel<
  BatchNormGradientInputs,
  { varianceEpsilon: number },
  TensorInfo[]
> = (scope, { dy, x, mean, variance, scale }, { varianceEpsilon }) => {
  const kernel = 'BatchNormTrainingGrad';
  const columns = columnsOf(x);
  const { rows, channels } = columns;
  const lists = { mean, variance, ...(scale && { scale }) };
  requireFloats(kernel, { dy, x, ...lists });
  requireSize(kernel, 'dy', dy, x, rows * channels);
  for (const [name, list] of Object.entries(lists)) requireSize(kernel, name, list, x, channels);

  const dx = scope.allocate(x.shape);
  const scaleGradient = scope.allocate([channels]);
  const offsetGradient = scope.allocate([channels]);
  const means = channelValues(scope, mean, channels, 0);
  const inverse = channelValues(scope, variance, channels, 0).map(
    (value) => 1 / Math.sqrt(value + varianceEpsilon),
  );
  const [sums, rawProducts, units] = gradientSums(scope, x, dy, columns, means, inverse);
  const error = units.map((unit) => unit / rows);
  const products = rawProducts.map((product, channel) => product - error[channel]! * sums[channel]!);
  const factor = channelValues(scope, scale, channels, 1).map((value, channel) => value * inverse[channel]!);
  const along = products.map((product, channel) => (-factor[channel]! * product) / rows);
  const constant = sums.map(
    (sum, channel) => (-factor[channel]! * sum) / rows - along[channel]! * error[channel]!,
  );
  writeGradient(scope, { x, dy, dx }, columns, [means, inverse, factor, along, constant]);
  scope.view(scaleGradient).set(products);
  scope.view(offsetGradient).set(sums);
  return [dx, scaleGradient, offsetGradient];
};

/** Returns `Σ dy`, `Σ dy x̂` and `Σ x̂` of each channel. */
function gradientSums(
  scope: KernelScope,
  x: TensorInfo,
  dy: TensorInfo,
  columns: Columns,
  mean: Float64Array,
  inverse: Float64Array,
): [Float64Array, Float64Array, Float64Array] {
  const { rows, channels } = columns;
  const native = nativeModule(scope.backend);
  if (native && rows * channels > 0) {
    const constants = columnConstants(scope, native, rowWidth(columns), [mean, inverse]);
    const operands = [native.address(x), native.address(dy), ...constants];
    const sums = columnSums(scope, native, columns, { kind: batchNormGradientSums, quantities: 3, operands });
    return channelSums(scope, sums) as [Float64Array, Float64Array, Float64Array];
  }
  const values = scope.view(x);
  const gradients = scope.view(dy);
  const sums = new Float64Array(channels);
  const products = new Float64Array(channels);
  const units = new Float64Array(channels);
  for (let start = 0; start < rows * channels; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const gradient = gradients[start + channel]!;
      const unit = (values[start + channel]! - mean[channel]!) * inverse[channel]!;
      sums[channel]! += gradient;
      products[channel]! += gradient * unit;
      units[channel]! += unit;
    }
  }
  return [sums, products, units];
}

/** Writes `dx = a dy + b x̂ + c`. The lists are mean, 1 / deviation, a, b, c. */
function writeGradient(
  scope: KernelScope,
  { x, dy, dx }: { x: TensorInfo; dy: TensorInfo; dx: TensorInfo },
  columns: Columns,
  lists: [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array],
): void {
  const { rows, channels } = columns;
  const count = rows * channels;
  if (count === 0) return;
  const native = nativeModule(scope.backend);
  if (native) {
    const width = rowWidth(columns);
    const constants = columnConstants(scope, native, width, lists);
    const tensors = [x, dy, dx].map(native.address);
    const words = [count, width, chunkElements, ...tensors, ...constants];
    native.run(batchNormGradientTask, chunksOf(count, chunkElements), words);
    return;
  }
  const [mean, inverse, a, b, c] = lists;
  const values = scope.view(x);
  const gradients = scope.view(dy);
  const results = scope.view(dx);
  for (let start = 0; start < count; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const unit = (values[start + channel]! - mean[channel]!) * inverse[channel]!;
      results[start + channel] = a[channel]! * gradients[start + channel]! + b[channel]! * unit + c[channel]!;
    }
  }
}
