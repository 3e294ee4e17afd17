import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';

/** Data with channels last: `rows` rows of `channels`. */
export interface Columns {
  readonly rows: number;
  readonly channels: number;
}

/** The rows of `x` over its last axis, or over this many channels. */
export function columnsOf({ shape }: TensorInfo, channels = shape.at(-1) ?? 1): Columns {
  const rows = channels === 0 ? 0 : util.sizeFromShape(shape) / channels;
  return { rows, channels };
}

/** A row should have at least this many elements. */
const narrow = 256;

/**
 * Elements of a row for the compiled kernels: several rows count as one where there are few channels, or where the channels
 * do not fill vectors of four. The numbers of each channel are then repeated, see {@link columnConstants}. At least eight
 * such rows are to be left.
 */
export function rowWidth({ rows, channels }: Columns): number {
  const vectors = channels % 4 === 0 ? 1 : channels % 2 === 0 ? 2 : 4;
  const wanted = Math.ceil(narrow / (vectors * Math.max(1, channels)));
  const together = vectors * Math.min(wanted, Math.floor(rows / (8 * vectors)));
  return channels * Math.max(1, together);
}

/** Puts lists of one number for each channel on the heap, each repeated to `width`, and returns their addresses. */
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
    if (dtype !== 'float32') throw new Error(`${kernelName} takes float32 tensors, but ${name} is ${dtype}.`);
  }
}

/** Throws unless the tensor has as many elements as expected. */
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
