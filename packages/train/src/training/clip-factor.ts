import * as tf from '@tensorflow/tfjs-core';

/**
 * Returns the factor that limits the norm of gradients to `clipNorm`, as in `torch.nn.utils.clip_grad_norm_`:
 * `min(1, clipNorm / (norm + 1e-6))`. A tensor stays on the device, so that the step does not wait for it.
 */
export function clipFactor<Norm extends number | tf.Scalar>(norm: Norm, clipNorm: number): Norm {
  if (typeof norm === 'number') return Math.min(1, clipNorm / (norm + 1e-6)) as Norm;
  return tf.tidy(() => tf.minimum(1, tf.div(clipNorm, tf.add(norm, 1e-6)))) as Norm;
}
