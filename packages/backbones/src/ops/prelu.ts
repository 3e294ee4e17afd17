import { hasKernel } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { channelSums } from './channel-sums.ts';
import { networkOperation, runKernel } from './network-operation.ts';

/**
 * Name under which a backend may register a faster kernel for the gradient of `prelu`. Inputs: `dy`, `x`, `alpha` (one
 * value per channel). Outputs: the gradients of `x` and of `alpha`, each in its shape. The forward kernel is tfjs's `Prelu`.
 */
export const preluGradientKernel = 'PreluGrad';

/**
 * Returns PReLU (He et al. 2015): `x` where it is above 0, else `alpha · x`, with one slope per channel (last axis).
 * Differentiable in both.
 * @param alpha one value for each channel of `x`, for example `[1, 1, channels]`
 */
export function prelu<T extends tf.Tensor>(x: T, alpha: tf.Tensor): T {
  return networkOperation<T>(
    [x, alpha],
    () => ({ value: tf.prelu(x, alpha) as T, saved: [x] }),
    (dy, [x]) => preluGradient(dy, x!, alpha),
  );
}

/** Returns the gradients of x and of alpha, each in its shape. */
export function preluGradient(dy: tf.Tensor, x: tf.Tensor, alpha: tf.Tensor): tf.Tensor[] {
  if (hasKernel(preluGradientKernel)) return runKernel(preluGradientKernel, { dy, x, alpha });
  const dx = tf.where(tf.greater(x, 0), dy, tf.mul(dy, alpha));
  const dAlpha = channelSums(tf.mul(dy, tf.minimum(x, 0)));
  return [dx, tf.reshape(dAlpha, alpha.shape)];
}
