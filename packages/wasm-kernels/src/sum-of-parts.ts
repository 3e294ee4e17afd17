import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { sumPartsTask } from './convolution-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';

/** Elements of a chunk, as in assembly/sum-parts.ts. */
const chunkElements = 2 ** 14;

/** Maximum elements of all parts, 32 MB. */
const maxElements = 2 ** 23;

/** Returns the requested number of parts of `length` elements, rounded up, or fewer if they exceed the memory limit. */
export function limitPartCount(requested: number, length: number): number {
  return Math.max(1, Math.min(Math.ceil(requested), Math.floor(maxElements / length)));
}

/**
 * Computes a result with many terms in parts of the same shape, and adds the parts in float64. Threads share the parts.
 * Their number depends on the shape alone, so the bits of the result do not depend on the threads.
 *
 * @param compute writes all parts, one after the other, to the address
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
