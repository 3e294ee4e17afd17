import type { TensorInfo } from '@tensorflow/tfjs-core';
import { requireFloats } from './columns.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';

interface ResizeAttributes {
  alignCorners: boolean;
  halfPixelCenters: boolean;
}

type ResizeGradient = ScopedKernel<{ dy: TensorInfo; images: TensorInfo }, ResizeAttributes>;

/** For each output along one axis: the two inputs it interpolates, and the weight of the second. */
interface Interpolation {
  lower: Int32Array;
  upper: Int32Array;
  weight: Float64Array;
}

/**
 * `ResizeBilinearGrad`: adds each output's gradient to the four inputs that it interpolates, by their weights. The stock
 * kernel ignores `halfPixelCenters`.
 */
export const resizeBilinearGrad: ResizeGradient = (scope, inputs, attributes) => {
  const axis = (size: number, outputs: number) => interpolation(size, outputs, attributes);
  return transposedResize(scope, 'ResizeBilinearGrad', inputs, axis);
};

/**
 * `ResizeNearestNeighborGrad`: adds each output's gradient to the input that it copies. The stock kernel ignores
 * `halfPixelCenters`.
 */
export const resizeNearestNeighborGrad: ResizeGradient = (scope, inputs, attributes) => {
  const axis = (size: number, outputs: number) => copiedInputs(scope, size, outputs, attributes);
  return transposedResize(scope, 'ResizeNearestNeighborGrad', inputs, axis);
};

/** Applies the transpose of a resizing that is separate along both axes. */
function transposedResize(
  scope: KernelScope,
  kernelName: string,
  { dy, images }: { dy: TensorInfo; images: TensorInfo },
  interpolate: (size: number, outputs: number) => Interpolation,
): TensorInfo {
  requireFloats(kernelName, { dy });
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const [, outHeight, outWidth] = dy.shape as [number, number, number, number];
  const rows = interpolate(height, outHeight);
  const columns = interpolate(width, outWidth);
  const dx = scope.zeros(images.shape);
  const [gradients, results] = scope.views(dy, dx);
  const addRow = (from: number, row: number, share: number) => {
    for (let x = 0; x < outWidth; x++) {
      const right = columns.weight[x]! * share;
      const left = share - right;
      const to = (row * width + columns.lower[x]!) * channels;
      const toRight = (row * width + columns.upper[x]!) * channels;
      for (let channel = 0; channel < channels; channel++) {
        const gradient = gradients[(from * outWidth + x) * channels + channel]!;
        results[to + channel]! += left * gradient;
        if (right !== 0) results[toRight + channel]! += right * gradient;
      }
    }
  };
  for (let image = 0; image < batch; image++) {
    for (let y = 0; y < outHeight; y++) {
      const lower = rows.weight[y]!;
      addRow(image * outHeight + y, image * height + rows.lower[y]!, 1 - lower);
      if (lower !== 0) addRow(image * outHeight + y, image * height + rows.upper[y]!, lower);
    }
  }
  return dx;
}

/** Returns what bilinear interpolation reads along an axis of `size` inputs. */
function interpolation(
  size: number,
  outputs: number,
  { alignCorners, halfPixelCenters }: ResizeAttributes,
): Interpolation {
  const scale = alignCorners && outputs > 1 ? (size - 1) / (outputs - 1) : size / outputs;
  const positions = Float64Array.from({ length: outputs }, (_, output) => {
    const position = halfPixelCenters ? (output + 0.5) * scale - 0.5 : output * scale;
    return Math.min(Math.max(position, 0), size - 1);
  });
  return {
    lower: Int32Array.from(positions, Math.floor),
    upper: Int32Array.from(positions, Math.ceil),
    weight: positions.map((position) => position - Math.floor(position)),
  };
}

/**
 * Returns the inputs that the forward kernel copies along an axis. It resizes a ramp to find out, because at ties the choice
 * depends on its rounding.
 */
function copiedInputs(
  scope: KernelScope,
  size: number,
  outputs: number,
  { alignCorners, halfPixelCenters }: ResizeAttributes,
): Interpolation {
  const ramp = scope.allocate([1, size, 1, 1]);
  scope.view(ramp).forEach((_, index, values) => {
    values[index] = index;
  });
  const attributes = { alignCorners, halfPixelCenters, size: [outputs, 1] };
  const copies = scope.run('ResizeNearestNeighbor', { images: ramp }, attributes);
  const lower = Int32Array.from(scope.view(copies));
  return { lower, upper: lower, weight: new Float64Array(outputs) };
}
