import * as tf from '@tensorflow/tfjs-core';

/**
 * Names under which a backend may register faster kernels for `batchNormTraining`.
 *
 * Forward: inputs `x [..., channels]`, and optionally `scale`, `offset` and `slope` of `channels` values, `shortcut` in the
 * shape of x, `runningMean` and `runningVariance`; attributes `varianceEpsilon` and `momentum`; outputs `y`, `mean`, the
 * biased `variance`, and `meanError`, what the rounded mean lacks (`[channels]` each), then the new running statistics, if
 * given. Gradient: inputs `dy`, `x`, `mean`, `variance`, `meanError`, and optionally `scale`, `offset`, `slope` and
 * `otherGradient`, which is added to the gradient of x; attributes `varianceEpsilon` and `mayOverwrite`, whether results may
 * take the memory of `dy` and `otherGradient`; outputs the gradients of x, scale, offset and, if given, slope.
 */
export const batchNormKernels = {
  forward: 'BatchNormTraining',
  gradient: 'BatchNormTrainingGrad',
} as const;

/** Statistics for evaluation, which move with each batch. */
export interface RunningStatistics {
  /** `[channels]` */
  readonly mean: tf.Variable;
  /** `[channels]`; moves towards the unbiased variance. */
  readonly variance: tf.Variable;
  /** Share that they keep of their value. */
  readonly momentum: number;
}

/** Parameters of a batch norm. */
export interface BatchNormParameters {
  /** γ `[channels]`; default 1. */
  readonly scale?: tf.Tensor1D | undefined;
  /** β `[channels]`; default 0. */
  readonly offset?: tf.Tensor1D | undefined;
  /** ε, added to the variance. */
  readonly epsilon: number;
  /** Running statistics to update; default: none. */
  readonly running?: RunningStatistics | undefined;
}

/** What follows a batch norm in the same operation: a PReLU, or the sum with a shortcut. */
export type BatchNormFollower =
  | { readonly kind: 'prelu' /** One value for each channel. */; readonly slope: tf.Tensor }
  | { readonly kind: 'sum' /** In the shape of x. */; readonly shortcut: tf.Tensor };

/** Returns the tensors that the operation is differentiable in. */
export function operands(
  x: tf.Tensor,
  { scale, offset }: BatchNormParameters,
  follower?: BatchNormFollower,
): tf.Tensor[] {
  const other = follower && (follower.kind === 'prelu' ? follower.slope : follower.shortcut);
  return [x, ...(scale ? [scale] : []), ...(offset ? [offset] : []), ...(other ? [other] : [])];
}

/** Moves a running statistic. Runs inside an operation, which records nothing and frees temporaries. */
export function moveTowards(variable: tf.Variable, value: tf.Tensor, momentum: number): void {
  variable.assign(tf.add(tf.mul(variable, momentum), tf.mul(value, 1 - momentum)));
}

/** Returns the normalised values after a PReLU or a sum. */
export function withFollower(normalised: tf.Tensor, follower?: BatchNormFollower): tf.Tensor {
  if (!follower) return normalised;
  return follower.kind === 'prelu'
    ? tf.prelu(normalised, follower.slope)
    : tf.add(normalised, follower.shortcut);
}
