import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';

/** Data with channels last: `rows` rows of `channels` elements. */
export interface Columns {
  readonly rows: number;
  readonly channels: number;
}

/** Returns the rows of `x` over its last axis, or over `channels` elements. */
export function columnsOf({ shape }: TensorInfo, channels = shape.at(-1) ?? 1): Columns {
  const rows = channels === 0 ? 0 : util.sizeFromShape(shape) / channels;
  return { rows, channels };
}

/** Elements that a merged row should have. */
const preferredWidth = 256;

/**
 * Returns the elements of a row for the compiled kernels. Several rows are merged into one if there are few channels, or if
 * the channels do not fill vectors of four. {@link columnConstants} then repeats the parameters of the channels. At least
 * eight merged rows remain.
 */
export function rowWidth({ rows, channels }: Columns): number {
  const vectors = channels % 4 === 0 ? 1 : channels % 2 === 0 ? 2 : 4;
  const preferred = Math.ceil(preferredWidth / (vectors * Math.max(1, channels)));
  const merged = vectors * Math.min(preferred, Math.floor(rows / (8 * vectors)));
  return channels * Math.max(1, merged);
}

/** Copies lists with a number for each channel to the heap, repeats each to `width`, and returns their addresses. */
export function columnConstants(
  scope: KernelScope,
  native: NativeModule,
  width: number,
  lists: readonly ArrayLike<number>[],
): number[] {
  const memory = scope.allocate([lists.length, width]);
  const values = scope.view(memory);
  lists.forEach((list, index) => {
    for (let column = 0; column < width; column += list.length) values.set(list, index * width + column);
  });
  return lists.map((_, index) => native.address(memory) + 4 * index * width);
}

/** Throws unless all tensors are float32. */
export function requireFloats(kernelName: string, tensors: Record<string, TensorInfo>): void {
  for (const [name, { dtype }] of Object.entries(tensors)) {
    if (dtype !== 'float32')
      throw new Error(`${kernelName} requires float32 tensors, but ${name} is ${dtype}.`);
  }
}

/** Throws unless the tensor has `size` elements. */
export function requireSize(
  kernelName: string,
  name: string,
  tensor: TensorInfo,
  of: TensorInfo,
  size: number,
) {
  if (util.sizeFromShape(tensor.shape) !== size) {
    throw new Error(
      `${kernelName}: ${name} of shape [${tensor.shape}] does not fit shape [${of.shape}]: expected ${size} ` +
        `elements.`,
    );
  }
}
