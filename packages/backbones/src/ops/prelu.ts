import { hasKernel } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { channelSums } from './channel-sums.ts';
import { networkOperation, runKernel } from './network-operation.ts';

/**
 * Name under which a backend may register a faster kernel for the gradient of `prelu`: inputs `dy`, `x`, `alpha` (one
 * value a channel), outputs the gradients of `x` and of `alpha`, each in its shape. The forward kernel is tfjs's `Prelu`.
 */
export const preluGradientKernel = 'PreluGrad';

/**
 * PReLU (He et al. 2015): `x` where it is above 0, `alpha · x` elsewhere, with one slope a channel (last axis);
 * differentiable in both.
 * @param alpha as many values as `x` has channels, for example `[1, 1, channels]`
 */
export function prelu<T extends tf.Tensor>(x: T, alpha: tf.Tensor): T {
  return networkOperation<T>(
    [x, alpha],
    () => ({ value: tf.prelu(x, alpha) as T, saved: [x] }),
    (dy, [x]) => {
      if (hasKernel(preluGradientKernel)) return runKernel(preluGradientKernel, { dy, x: x!, alpha });
      const dx = tf.where(tf.greater(x!, 0), dy, tf.mul(dy, alpha));
      const dAlpha = channelSums(tf.mul(dy, tf.minimum(x!, 0)));
      return [dx, tf.reshape(dAlpha, alpha.shape)];
    },
  );
}
