import type { TensorInfo } from '@tensorflow/tfjs-core';
import { columnsOf } from './columns.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';
import { channelValues, normalizeColumns } from './normalize-columns.ts';

/** `FusedBatchNorm` for inference: compiled if mean, variance, offset and scale are `[channels]`, else stock. */
export const fusedBatchNorm: ScopedKernel<
  { x: TensorInfo; mean: TensorInfo; variance: TensorInfo; offset?: TensorInfo; scale?: TensorInfo },
  { varianceEpsilon: number }
> = (scope, inputs, attributes) => {
  const { x, mean, variance, offset, scale } = inputs;
  const columns = columnsOf(x);
  const { channels } = columns;
  const lists = [mean, variance, ...(offset ? [offset] : []), ...(scale ? [scale] : [])];
  const isByChannel = lists.every(({ shape }) => shape.length === 1 && shape[0] === channels);
  if (!isByChannel || x.dtype !== 'float32' || !nativeModule(scope.backend)) {
    return scope.run('FusedBatchNorm', { ...inputs }, attributes);
  }
  const y = scope.allocate(x.shape);
  const variances = channelValues(scope, variance, channels, 1);
  normalizeColumns(scope, x, y, columns, {
    mean: channelValues(scope, mean, channels, 0),
    factor: channelValues(scope, scale, channels, 1).map(
      (value, channel) => value / Math.sqrt(variances[channel]! + attributes.varianceEpsilon),
    ),
    offset: channelValues(scope, offset, channels, 0),
  });
  return y;
};
