import * as tf from '@tensorflow/tfjs-core';

/** How a convolution goes over its input. */
export interface ConvolutionGeometry {
  readonly strides: [number, number];
  readonly padding: 'same' | 'valid';
}

/**
 * A convolution in plain TypeScript, for the backend `'cpu'`: its own kernel adds in float32, one product after another,
 * which is off by a millionth after a thousand of them. Adds in float64, as fast.
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
  visitPlaces(x, filter.shape, geometry, (place, taps) => {
    sums.fill(0);
    for (let index = 0; index < taps.length; index += 2) {
      let weight = taps[index]! * channels * filters;
      for (let channel = 0; channel < channels; channel++) {
        const value = values[taps[index + 1]! + channel]!;
        for (let filter = 0; filter < filters; filter++) sums[filter]! += value * weights[weight++]!;
      }
    }
    result.set(sums, place);
  });
  return tf.tensor4d(result, outShape);
}

/**
 * The gradient of a convolution's filter in plain TypeScript, for the backend `'cpu'`: its own kernel reads each number
 * through a bounds check, and takes sixty times as long. Adds in float64.
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
  visitPlaces(x, filterShape, geometry, (place, taps) => {
    for (let index = 0; index < taps.length; index += 2) {
      let weight = taps[index]! * channels * filters;
      for (let channel = 0; channel < channels; channel++) {
        const value = values[taps[index + 1]! + channel]!;
        for (let filter = 0; filter < filters; filter++) sums[weight++]! += value * upstream[place + filter]!;
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
 * Calls `visit` for each place of the output, with where its values begin, and with pairs for each tap of the filter that
 * lies inside of the image: the tap, and where its values begin in `x`.
 */
function visitPlaces(
  x: tf.Tensor4D,
  filterShape: [number, number, number, number],
  geometry: ConvolutionGeometry,
  visit: (place: number, taps: readonly number[]) => void,
): void {
  const info = outputOf(x, filterShape, geometry);
  const [kernelHeight, kernelWidth, channels, filters] = filterShape;
  const { batchSize, inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth, padInfo } = info;
  let place = 0;
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
        visit(place, taps);
        place += filters;
      }
    }
  }
}
