import { backend_util } from '@tensorflow/tfjs-core';
import {
  depthGeometry,
  planeGeometry,
  type RoundingMode,
  requireChannelsLast,
  withRounding,
} from './convolution-geometry.ts';
import { flatAxis, type WindowGeometry } from './window-walk.ts';

/** Attributes of the pooling kernels and of their gradients. */
export interface PoolAttributes {
  filterSize: number | [number, number] | [number, number, number];
  strides: number | [number, number] | [number, number, number];
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dimRoundingMode?: RoundingMode;
  dataFormat?: 'NHWC' | 'NDHWC' | 'NCHW' | 'NCDHW';
}

/** Windows of a pooling, and the shape of its result. */
export interface PoolGeometry extends WindowGeometry {
  readonly outShape: number[];
}

/**
 * Returns the geometry of a pooling over images `[batch, height, width, channels]` or volumes
 * `[batch, depth, height, width, channels]`.
 *
 * @param dyShape shape of the gradient of the outputs, for gradients
 * @throws MissingKernelError for channels first
 */
export function poolGeometry(
  kernelName: string,
  shape: number[],
  attributes: PoolAttributes,
  dyShape?: number[],
): PoolGeometry {
  const { filterSize, strides, pad, dimRoundingMode, dataFormat } = attributes;
  requireChannelsLast(kernelName, dataFormat);
  if (shape.length === 5) {
    type Triple = [number, number, number];
    const info = withRounding(kernelName, dimRoundingMode, dyShape, (roundingMode) =>
      backend_util.computePool3DInfo(
        shape as [number, number, number, number, number],
        filterSize as number | Triple,
        strides as number | Triple,
        1,
        pad as 'valid' | 'same' | number,
        roundingMode,
      ),
    );
    const { batchSize: batch, inChannels: channels, outShape } = info;
    return { batch, channels, outShape, depth: depthGeometry(info), ...planeGeometry(info) };
  }
  const info = withRounding(kernelName, dimRoundingMode, dyShape, (roundingMode) =>
    backend_util.computePool2DInfo(
      shape as [number, number, number, number],
      filterSize as number | [number, number],
      strides as number | [number, number],
      1,
      pad,
      roundingMode,
    ),
  );
  const { batchSize: batch, inChannels: channels, outShape } = info;
  return { batch, channels, outShape, depth: flatAxis, ...planeGeometry(info) };
}
