import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import { activate, activationKernels, activationNumbers, repeatsIn } from './activation.ts';
import { batchMatMul, type MatMulAttributes, type MatMulInputs } from './batch-mat-mul.ts';
import { linearActivation, preluActivation } from './elementwise-task-ids.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { type NativeModule, nativeModule } from './native-module.ts';
import { prelu } from './prelu.ts';

interface FusedInputs extends MatMulInputs {
  bias?: TensorInfo | null;
  preluActivationWeights?: TensorInfo | null;
}

interface FusedAttributes extends MatMulAttributes {
  activation?: backend_util.Activation;
  leakyreluAlpha?: number;
}

/**
 * `_FusedMatMul`: the compiled product, then bias and activation in one pass over it. With a transposed operand, the stock
 * kernel adds the bias once for every 48 rows of the inner dimension. It also caches packed weights by tensor id.
 *
 * Without SIMD, a single product of untransposed matrices runs on the stock kernel. Otherwise product, bias and activation
 * run one after the other.
 */
export const fusedMatMul: ScopedKernel<FusedInputs, FusedAttributes> = (scope, inputs, attributes) => {
  const { a, b, bias, preluActivationWeights } = inputs;
  const { transposeA, transposeB, activation = 'linear', leakyreluAlpha } = attributes;
  if (activationNumbers[activation] === undefined) {
    throw new Error(
      `Activation '${activation}' of fused.matMul is unsupported on the wasm backend. ` +
        `Choose one of: ${Object.keys(activationNumbers).join(', ')}.`,
    );
  }
  const native = nativeModule(scope.backend);
  if (native) {
    return applyBiasAndActivation(
      scope,
      native,
      batchMatMul(scope, { a, b }, attributes),
      inputs,
      attributes,
    );
  }
  const single = a.shape[0] === 1 && b.shape[0] === 1;
  if (single && !transposeA && !transposeB) {
    // A copy, because XNNPACK caches packed matrices by tensor id, which a reshaped tensor shares.
    const own = { ...inputs, b: scope.copyRange(b, 0, b.shape) };
    return scope.run('_FusedMatMul', own as Record<string, TensorInfo>, attributes);
  }
  let result = batchMatMul(scope, { a, b }, attributes);
  if (bias) result = scope.run('Add', { a: result, b: bias });
  if (activation === 'prelu') return prelu(scope, { x: result, alpha: preluActivationWeights! }, {});
  const kernel = activationKernels[activation];
  return kernel ? scope.run(kernel, { x: result }, { alpha: leakyreluAlpha }) : result;
};

/** Applies bias and activation in the memory of the product. */
function applyBiasAndActivation(
  scope: KernelScope,
  native: NativeModule,
  product: TensorInfo,
  { bias, preluActivationWeights: slopes }: FusedInputs,
  { activation = 'linear', leakyreluAlpha }: FusedAttributes,
): TensorInfo {
  const repeats = (list: TensorInfo | null | undefined) => !list || repeatsIn(product.shape, list.shape);
  if (!repeats(bias) || (activation === 'prelu' && !repeats(slopes))) {
    // Rare: for example, a bias for each row.
    const sum = bias ? scope.run('Add', { a: product, b: bias }) : product;
    if (activation === 'prelu') return prelu(scope, { x: sum, alpha: slopes! }, {});
    return applyBiasAndActivation(scope, native, sum, {} as FusedInputs, {
      activation,
      ...(leakyreluAlpha !== undefined && { leakyreluAlpha }),
    });
  }
  const number = activationNumbers[activation]!;
  if (number === linearActivation && !bias) return product;
  activate(scope, native, product, product, {
    activation: number,
    bias,
    ...(number === preluActivation && { slopes }),
    slope: leakyreluAlpha,
  });
  return product;
}
