import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, checkChoice, checkNumber } from './errors.ts';

/** The margin of CosFace: `c − margin` (m). With `similarity: 'dot'`, `c` is the raw product. */
export interface CosineMargin {
  readonly kind: 'cosine';
  readonly margin: number;
}

/** The margin of ArcFace and SphereFace: `cos(factor · θ + margin)`. */
export interface AngularMargin {
  readonly kind: 'angular';
  /** m in radians, in `[0, π]`. */
  readonly margin: number;
  /** Factor of the angle (SphereFace's m); default 1. */
  readonly factor?: number;
  /**
   * Gradient. `'exact'` (default): the derivative of the formula. `'detached'`: the gradient of the plain cosine with the
   * value of the margin, `c − sg(c) + sg(cos(θ + m))` ("characteristic gradient detachment" in the EPL code).
   */
  readonly gradient?: 'exact' | 'detached';
  /**
   * Behaviour where the cosine stops being monotonic in the angle. `'none'` (default): no change, as in the EPL head.
   * `'easy'`: the margin applies only where `c > 0`, else the plain cosine. `'linear'`: where `factor · θ + m > π`, a line
   * of slope 1 in the cosine. That line is `c − m·sin(m)` as in ArcFace's code. With a factor other than 1 it starts at the
   * value −1: `c − cos((π − m) / factor) − 1`.
   */
  readonly branch?: 'none' | 'easy' | 'linear';
}

/** The sample-adaptive margin of EPL: `c − coefficient · sg(c)` (k), with value `(1 − k) c` and gradient 1. */
export interface AdaptiveMargin {
  readonly kind: 'adaptive';
  /** k: 0.7 in the official code, 1 in the paper (`m_x = Detach(s / τ)`). */
  readonly coefficient: number;
}

/** A change of the positive similarity; plain data, which a backend kernel can read. */
export type Margin = CosineMargin | AngularMargin | AdaptiveMargin;

/** The positive similarities after all margins, and their derivative with respect to the similarities before. */
export interface MarginResult {
  readonly value: tf.Tensor1D;
  readonly derivative: tf.Tensor1D;
}

/** Bound of |cosine| before its angle is taken: 1 − 1e-7, as in the papers' code. Keeps 1/sin θ finite. */
const largestCosine = 1 - 1e-7;

/**
 * Checks a list of margins.
 * @throws ConfigError for a value out of range, or an angular margin with `similarity: 'dot'`
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
          "An angular margin needs similarity 'cosine', but the similarity is 'dot', which has no angle.",
        );
      }
    } else {
      throw new ConfigError(
        `A margin's kind must be 'cosine', 'angular' or 'adaptive', but is ${JSON.stringify(margin)}.`,
      );
    }
  }
}

/**
 * Applies margins to the positive similarities, one after another.
 * @param similarity `[batch]`
 */
export function applyMargins(similarity: tf.Tensor1D, margins: readonly Margin[]): MarginResult {
  let result: MarginResult = { value: similarity, derivative: tf.onesLike(similarity) };
  for (const margin of margins) {
    if (margin.kind === 'cosine') {
      result = { ...result, value: tf.sub(result.value, margin.margin) };
    } else if (margin.kind === 'adaptive') {
      // c − k·sg(c): the subtrahend has no gradient (EPL, E3; head_EPL.py).
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
  // The value is constant where the cosine was clipped. An earlier margin may have left [−1, 1].
  derivative = tf.where(tf.equal(cosine, similarity), derivative, tf.zerosLike(derivative));
  if (gradient === 'detached') derivative = tf.onesLike(similarity);
  if (branch === 'none') return { value, derivative };
  const end = branch === 'easy' ? 0 : Math.cos((Math.PI - margin) / factor);
  const inside = tf.greater(cosine, end);
  // ArcFace's line starts a little below −1. With a factor, the same line would jump upwards.
  const drop = factor === 1 ? margin * Math.sin(margin) : end + 1;
  const outside: tf.Tensor1D = branch === 'easy' ? similarity : tf.sub(similarity, drop);
  return {
    value: tf.where(inside, value, outside) as tf.Tensor1D,
    derivative: tf.where(inside, derivative, tf.onesLike(similarity)) as tf.Tensor1D,
  };
}
