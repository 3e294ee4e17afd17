import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';
import { stridedCopy } from './strided-copy.ts';

/** `Concat`: one compiled copy for each input. The stock kernel makes views for each row of each input. */
export const concat: ScopedKernel<TensorInfo[], { axis: number }> = (scope, inputs, attributes) => {
  const native = nativeModule(scope.backend);
  const { dtype, shape } = inputs[0]!;
  if (!native || dtype === 'string' || dtype === 'complex64') {
    return scope.run('Concat', inputs as unknown as Record<string, TensorInfo>, attributes);
  }
  const axis = util.parseAxisParam(attributes.axis, shape)[0]!;
  const shapes = inputs.map((input) => input.shape);
  backend_util.assertParamsConsistent(shapes, axis);
  const output = scope.allocate(backend_util.computeOutShape(shapes, axis), dtype);
  const rows = util.sizeFromShape(shape.slice(0, axis));
  const rowSize = util.sizeFromShape(output.shape.slice(axis));
  const bytes = util.bytesPerElement(dtype);
  let first = 0;
  for (const input of inputs) {
    const size = util.sizeFromShape(input.shape.slice(axis));
    const target = native.address(output) + first * bytes;
    stridedCopy(native, native.address(input), target, bytes, [
      { size: rows, sourceStep: size, targetStep: rowSize },
      { size, sourceStep: 1, targetStep: 1 },
    ]);
    first += size;
  }
  return output;
};
