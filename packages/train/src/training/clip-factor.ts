import * as tf from '@tensorflow/tfjs-core';

/**
 * What gradients are multiplied by so that their norm is at most `clipNorm`, as in `torch.nn.utils.clip_grad_norm_`:
 * `min(1, clipNorm / (norm + 1e-6))`. A number for a number; on the device for a tensor, which nobody has to wait for.
 */
export function clipFactor<Norm extends number | tf.Scalar>(norm: Norm, clipNorm: number): Norm {
  if (typeof norm === 'number') return Math.min(1, clipNorm / (norm + 1e-6)) as Norm;
  return tf.tidy(() => tf.minimum(1, tf.div(clipNorm, tf.add(norm, 1e-6)))) as Norm;
}
