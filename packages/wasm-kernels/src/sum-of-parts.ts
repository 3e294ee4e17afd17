import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { sumPartsTask } from './convolution-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';

/** See assembly/sum-parts.ts. */
const chunkElements = 2 ** 14;

/** Parts take at most 32 MB. */
const mostElements = 2 ** 23;

/** As many parts of `length` elements as wanted, if they find room; a whole number. */
export function affordableParts(wanted: number, length: number): number {
  return Math.max(1, Math.min(Math.ceil(wanted), Math.floor(mostElements / length)));
}

/**
 * A tensor as the sum of parts of the same shape, added in float64. For results whose terms are many: threads share the
 * parts, whose number depends on nothing but the shape, so that the bits do not depend on the threads.
 *
 * @param compute gets the address of all parts, one after the other, and their number
 */
export function sumOfParts(
  scope: KernelScope,
  native: NativeModule,
  parts: number,
  shape: number[],
  compute: (address: number, parts: number) => void,
): TensorInfo {
  const output = scope.allocate(shape);
  if (parts === 1) {
    compute(native.address(output), parts);
    return output;
  }
  const length = util.sizeFromShape(shape);
  const all = scope.allocate([parts, length]);
  compute(native.address(all), parts);
  const words = [native.address(all), parts, length, native.address(output)];
  native.run(sumPartsTask, Math.ceil(length / chunkElements), words);
  return output;
}
