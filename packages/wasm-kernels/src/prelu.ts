import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { activate, repeatsIn } from './activation.ts';
import { preluActivation } from './elementwise-task-ids.ts';
import type { ScopedKernel } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';

/**
 * `Prelu`: `x`, or `alpha · x` where x is negative. The stock kernel caches a copy of alpha by tensor id, which goes
 * stale when a variable changes in place. It also treats every alpha as one of the last axes.
 */
export const prelu: ScopedKernel<{ x: TensorInfo; alpha: TensorInfo }, object> = (scope, { x, alpha }) => {
  const input = x.dtype === 'float32' ? x : scope.run('Cast', { x }, { dtype: 'float32' });
  const slopes = alpha.dtype === 'float32' ? alpha : scope.run('Cast', { x: alpha }, { dtype: 'float32' });
  const native = nativeModule(scope.backend);
  if (native && repeatsIn(x.shape, alpha.shape)) {
    const y = scope.allocate(x.shape);
    activate(scope, native, input, y, { activation: preluActivation, slopes });
    return y;
  }
  const steep = scope.run('Multiply', { a: input, b: slopes });
  if (!util.arraysEqual(steep.shape, x.shape)) {
    throw new Error(`Prelu: alpha of shape [${alpha.shape}] cannot be broadcast to x of shape [${x.shape}].`);
  }
  const condition = scope.run('Less', { a: input, b: scope.zeros([]) });
  return scope.run('Select', { condition, t: steep, e: input });
};
