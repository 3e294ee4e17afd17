import { backend_util, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';
import { stridedCopy, stridesOf } from './strided-copy.ts';

/**
 * `Slice`: copies the slice alone. The stock kernel first copies all of x out of the heap, for any size of the slice.
 * From rank 5 on it computes the coordinates of every element.
 */
export const slice: ScopedKernel<{ x: TensorInfo }, { begin: number[]; size: number[] }> = (
  scope,
  { x },
  attributes,
) => {
  const [begin, size] = slice_util.parseSliceParams(x, attributes.begin, attributes.size) as [
    number[],
    number[],
  ];
  return copySlice(scope, x, begin, size) ?? scope.run('Slice', { x }, attributes);
};

/** `SplitV`: adjacent slices, the gradient of a concatenation. */
export const splitV: ScopedKernel<
  { x: TensorInfo },
  { numOrSizeSplits: number | number[]; axis: number },
  TensorInfo[]
> = (scope, { x }, { numOrSizeSplits, axis }) => {
  const along = util.parseAxisParam(axis, x.shape)[0]!;
  let first = 0;
  // The type of prepareSplitSize requires a tensor, but the function only reads its shape.
  const sizes = backend_util.prepareSplitSize(x as never, numOrSizeSplits, along);
  return sizes.map((count) => {
    const begin = x.shape.map((_, index) => (index === along ? first : 0));
    const size = x.shape.map((whole, index) => (index === along ? count : whole));
    first += count;
    return copySlice(scope, x, begin, size) ?? scope.run('Slice', { x }, { begin, size });
  });
};

/** Copies a slice. Returns undefined for strings and without SIMD, which the stock kernel handles. */
function copySlice(
  scope: KernelScope,
  x: TensorInfo,
  begin: readonly number[],
  size: number[],
): TensorInfo | undefined {
  const native = nativeModule(scope.backend);
  if (!native || x.dtype === 'string' || x.dtype === 'complex64') return undefined;
  const output = scope.allocate(size, x.dtype);
  const strides = stridesOf(x.shape);
  const targetStrides = stridesOf(size);
  const offset = begin.reduce((sum, first, axis) => sum + first * strides[axis]!, 0);
  const bytes = util.bytesPerElement(x.dtype);
  stridedCopy(
    native,
    native.address(x) + offset * bytes,
    native.address(output),
    bytes,
    size.map((count, axis) => ({
      size: count,
      sourceStep: strides[axis]!,
      targetStep: targetStrides[axis]!,
    })),
  );
  return output;
}
