import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, checkChoice, checkNumber } from './errors.ts';

/** CosFace: `c − margin` (m). With `similarity: 'dot'` it is subtracted from the raw product. */
export interface CosineMargin {
  readonly kind: 'cosine';
  readonly margin: number;
}

/** ArcFace and its kin: `cos(factor · θ + margin)`. */
export interface AngularMargin {
  readonly kind: 'angular';
  /** m, in radians, in `[0, π]`. */
  readonly margin: number;
  /** Multiplies the angle (SphereFace's m); default 1. */
  readonly factor?: number;
  /**
   * `'exact'` (default): the derivative of the formula. `'detached'`: the value with the margin and the gradient
   * of the plain cosine, `c − sg(c) + sg(cos(θ + m))` ("characteristic gradient detachment" in the EPL code).
   */
  readonly gradient?: 'exact' | 'detached';
  /**
   * What is done where the cosine is not monotonic in the angle any more. `'none'` (default): nothing, as in the
   * EPL head. `'easy'`: the margin only where `c > 0`, else the plain cosine. `'linear'`: where `factor · θ + m > π`, a line
   * of slope 1 in the cosine: `c − m·sin(m)` as in ArcFace's own code, and with a factor other than 1 the one that begins
   * at the value −1, that is `c − cos((π − m) / factor) − 1`.
   */
  readonly branch?: 'none' | 'easy' | 'linear';
}

/** EPL's sample-adaptive margin: `c − coefficient · sg(c)` (k): value `(1 − k) c`, gradient 1. */
export interface AdaptiveMargin {
  readonly kind: 'adaptive';
  /** k: 0.7 in the official code; 1 is the paper's `m_x = Detach(s / τ)`. */
  readonly coefficient: number;
}

/** What is done to the positive similarity; plain data, so that a backend kernel can read it. */
export type Margin = CosineMargin | AngularMargin | AdaptiveMargin;

/** The positive similarities after all margins, and the derivative by the similarity before. */
export interface MarginResult {
  readonly value: tf.Tensor1D;
  readonly derivative: tf.Tensor1D;
}

/** Largest |cosine| whose angle is taken: 1 − 1e-7, as in the papers' code; keeps 1/sin θ finite. */
const largestCosine = 1 - 1e-7;

/**
 * Checks a list of margins.
 * @throws ConfigError naming the value, its range, and margins that do not go with `similarity: 'dot'`
 */
export function checkMargins(margins: readonly Margin[], similarity: 'cosine' | 'dot'): void {
  for (const margin of margins) {
    if (margin.kind === 'cosine') {
      checkNumber('margin (m)', margin.margin, { minimum: 0 });
    } else if (margin.kind === 'adaptive') {
      checkNumber('the adaptive margin coefficient (k)', margin.coefficient, { minimum: 0, maximum: 1 });
    } else if (margin.kind === 'angular') {
      checkNumber('the angular margin (m)', margin.margin, { minimum: 0, maximum: Math.PI });
      checkNumber('the angle factor', margin.factor ?? 1, { minimum: 1 });
      checkChoice('gradient', margin.gradient ?? 'exact', ['exact', 'detached']);
      checkChoice('branch', margin.branch ?? 'none', ['none', 'easy', 'linear']);
      if (similarity === 'dot') {
        throw new ConfigError(
          "An angular margin needs an angle: it goes with normalised embeddings (similarity 'cosine'), not with 'dot'.",
        );
      }
    } else {
      throw new ConfigError(
        `A margin's kind must be 'cosine', 'angular' or 'adaptive'; got ${JSON.stringify(margin)}.`,
      );
    }
  }
}

/**
 * Applies margins one after another to the positive similarities.
 * @param similarity `[batch]`
 */
export function applyMargins(similarity: tf.Tensor1D, margins: readonly Margin[]): MarginResult {
  let result: MarginResult = { value: similarity, derivative: tf.onesLike(similarity) };
  for (const margin of margins) {
    if (margin.kind === 'cosine') {
      result = { ...result, value: tf.sub(result.value, margin.margin) };
    } else if (margin.kind === 'adaptive') {
      // c − k·sg(c): the subtracted part carries no gradient (EPL, E3; head_EPL.py).
      result = { ...result, value: tf.mul(result.value, 1 - margin.coefficient) };
    } else {
      const angular = applyAngular(result.value, margin);
      result = { value: angular.value, derivative: tf.mul(result.derivative, angular.derivative) };
    }
  }
  return result;
}

function applyAngular(similarity: tf.Tensor1D, options: AngularMargin): MarginResult {
  const { margin, factor = 1, gradient = 'exact', branch = 'none' } = options;
  const cosine = tf.clipByValue(similarity, -largestCosine, largestCosine);
  const sine = tf.sqrt(tf.mul(tf.sub(1, cosine), tf.add(1, cosine)));
  let value: tf.Tensor1D;
  let derivative: tf.Tensor1D;
  if (factor === 1) {
    value = tf.sub(tf.mul(cosine, Math.cos(margin)), tf.mul(sine, Math.sin(margin)));
    derivative = tf.add(Math.cos(margin), tf.div(tf.mul(cosine, Math.sin(margin)), sine));
  } else {
    const angle = tf.add(tf.mul(tf.acos(cosine), factor), margin) as tf.Tensor1D;
    value = tf.cos(angle);
    derivative = tf.div(tf.mul(tf.sin(angle), factor), sine);
  }
  // Where the cosine was clipped the value is constant: a margin before this one may have left [−1, 1].
  derivative = tf.where(tf.equal(cosine, similarity), derivative, tf.zerosLike(derivative));
  if (gradient === 'detached') derivative = tf.onesLike(similarity);
  if (branch === 'none') return { value, derivative };
  const end = branch === 'easy' ? 0 : Math.cos((Math.PI - margin) / factor);
  const inside = tf.greater(cosine, end);
  // ArcFace's line lies a little below −1 at its beginning; a factor would make a leap upwards of that.
  const drop = factor === 1 ? margin * Math.sin(margin) : end + 1;
  const outside: tf.Tensor1D = branch === 'easy' ? similarity : tf.sub(similarity, drop);
  return {
    value: tf.where(inside, value, outside) as tf.Tensor1D,
    derivative: tf.where(inside, derivative, tf.onesLike(similarity)) as tf.Tensor1D,
  };
}
