import type { TensorInfo } from '@tensorflow/tfjs-core';
import { activate } from './activation.ts';
import { leakyReluActivation } from './elementwise-task-ids.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';

/** `LeakyRelu`: `x`, or `alpha · x` where x is negative. The stock kernel does not use SIMD. */
export const leakyRelu: ScopedKernel<{ x: TensorInfo }, { alpha: number }> = (scope, { x }, attributes) => {
  const native = nativeModule(scope.backend);
  if (!native || x.dtype !== 'float32') return scope.run('LeakyRelu', { x }, attributes);
  const y = scope.allocate(x.shape);
  activate(scope, native, x, y, { activation: leakyReluActivation, slope: attributes.alpha });
  return y;
};
