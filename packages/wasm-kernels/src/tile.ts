import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';
import { maxCopyAxes, mergeAxes, stridedCopy, stridesOf } from './strided-copy.ts';

/** `Tile`, also `tf.broadcastTo`. The stock kernel computes the coordinates of every element, 12 ns each. */
export const tile: ScopedKernel<{ x: TensorInfo }, { reps: number[] }> = (scope, { x }, attributes) => {
  const { reps } = attributes;
  const native = nativeModule(scope.backend);
  const shape = x.shape.map((size, axis) => size * reps[axis]!);
  const strides = stridesOf(x.shape);
  const targetStrides = stridesOf(shape);
  const axes = x.shape.flatMap((size, axis) => [
    { size: reps[axis]!, sourceStep: 0, targetStep: size * targetStrides[axis]! },
    { size, sourceStep: strides[axis]!, targetStep: targetStrides[axis]! },
  ]);
  if (!native || x.dtype === 'string' || mergeAxes(axes).length > maxCopyAxes) {
    return scope.run('Tile', { x }, attributes);
  }
  const output = scope.allocate(shape, x.dtype);
  stridedCopy(native, native.address(x), native.address(output), util.bytesPerElement(x.dtype), axes);
  return output;
};
