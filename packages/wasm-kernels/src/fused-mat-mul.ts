import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import { batchMatMul, type MatMulAttributes, type MatMulInputs } from './batch-mat-mul.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import type { StockKernelName } from './stock-kernels.ts';

const activationKernels: Partial<Record<backend_util.Activation, StockKernelName>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  leakyrelu: 'LeakyRelu',
  prelu: 'Prelu',
};

/**
 * `_FusedMatMul`: the stock kernel for one product of untransposed matrices; product, bias and activation one after
 * the other for the rest, where the stock kernel adds the bias once for every 48 rows of the inner dimension.
 */
export const fusedMatMul: ScopedKernel<
  MatMulInputs & { bias?: TensorInfo; preluActivationWeights?: TensorInfo },
  MatMulAttributes & { activation?: backend_util.Activation; leakyreluAlpha?: number }
> = (scope, inputs, attributes) => {
  const { a, b, bias, preluActivationWeights } = inputs;
  const { transposeA, transposeB, activation = 'linear', leakyreluAlpha } = attributes;
  const single = a.shape[0] === 1 && b.shape[0] === 1;
  if (single && !transposeA && !transposeB) {
    return scope.run('_FusedMatMul', { ...inputs }, attributes);
  }
  let result = batchMatMul(scope, { a, b }, attributes);
  if (bias !== undefined && bias !== null) result = scope.run('Add', { a: result, b: bias });
  if (activation === 'linear') return result;
  const kernel = activationKernels[activation];
  if (kernel === undefined) {
    throw new Error(
      `Activation '${activation}' of fused.matMul is not supported by the wasm backend. ` +
        `Choose linear or one of: ${Object.keys(activationKernels).join(', ')}.`,
    );
  }
  const operands = kernel === 'Prelu' ? { x: result, alpha: preluActivationWeights! } : { x: result };
  return scope.run(kernel, operands, { alpha: leakyreluAlpha });
};
