import * as tf from '@tensorflow/tfjs-core';

/** Geometry of a convolution. */
export interface ConvolutionGeometry {
  readonly strides: [number, number];
  readonly padding: 'same' | 'valid';
}

/**
 * Returns a convolution, computed in plain TypeScript for the cpu backend. It sums in float64 at the same speed. The
 * backend's own kernel sums in float32, which gives a relative error of 1e-6 after a thousand products.
 */
export function plainConvolution(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  geometry: ConvolutionGeometry,
): tf.Tensor4D {
  const [, , channels, filters] = filter.shape;
  const [values, weights] = [x.dataSync<'float32'>(), filter.dataSync<'float32'>()];
  const { outShape } = outputOf(x, filter.shape, geometry);
  const result = new Float32Array(tf.util.sizeFromShape(outShape));
  const sums = new Float64Array(filters);
  visitPositions(x, filter.shape, geometry, (position, taps) => {
    sums.fill(0);
    for (let index = 0; index < taps.length; index += 2) {
      let weight = taps[index]! * channels * filters;
      for (let channel = 0; channel < channels; channel++) {
        const value = values[taps[index + 1]! + channel]!;
        for (let filter = 0; filter < filters; filter++) sums[filter]! += value * weights[weight++]!;
      }
    }
    result.set(sums, position);
  });
  return tf.tensor4d(result, outShape);
}

/**
 * Returns the gradient of a convolution's filter, computed in plain TypeScript for the cpu backend. It sums in float64. The
 * backend's own kernel checks bounds at every read, and takes sixty times as long.
 */
export function plainFilterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: [number, number, number, number],
  geometry: ConvolutionGeometry,
): tf.Tensor4D {
  const [, , channels, filters] = filterShape;
  const [values, upstream] = [x.dataSync<'float32'>(), dy.dataSync<'float32'>()];
  const sums = new Float64Array(tf.util.sizeFromShape(filterShape));
  visitPositions(x, filterShape, geometry, (position, taps) => {
    for (let index = 0; index < taps.length; index += 2) {
      let weight = taps[index]! * channels * filters;
      for (let channel = 0; channel < channels; channel++) {
        const value = values[taps[index + 1]! + channel]!;
        for (let filter = 0; filter < filters; filter++)
          sums[weight++]! += value * upstream[position + filter]!;
      }
    }
  });
  return tf.tensor4d(new Float32Array(sums), filterShape);
}

function outputOf(
  x: tf.Tensor4D,
  filterShape: [number, number, number, number],
  { strides, padding }: ConvolutionGeometry,
) {
  return tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, padding);
}

/**
 * Calls `visit` for each position of the output, with the offset of its values and with a pair for each tap of the filter
 * inside the image: the index of the tap, and the offset of its values in `x`.
 */
function visitPositions(
  x: tf.Tensor4D,
  filterShape: [number, number, number, number],
  geometry: ConvolutionGeometry,
  visit: (position: number, taps: readonly number[]) => void,
): void {
  const info = outputOf(x, filterShape, geometry);
  const [kernelHeight, kernelWidth, channels, filters] = filterShape;
  const { batchSize, inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth, padInfo } = info;
  let position = 0;
  for (let image = 0; image < batchSize; image++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        const taps: number[] = [];
        for (let tap = 0; tap < kernelHeight * kernelWidth; tap++) {
          const y = row * strideHeight + Math.floor(tap / kernelWidth) - padInfo.top;
          const z = column * strideWidth + (tap % kernelWidth) - padInfo.left;
          const inside = y >= 0 && y < inHeight && z >= 0 && z < inWidth;
          if (inside) taps.push(tap, ((image * inHeight + y) * inWidth + z) * channels);
        }
        visit(position, taps);
        position += filters;
      }
    }
  }
}
