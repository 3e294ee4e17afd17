import * as tf from '@tensorflow/tfjs-core';
import { angleOf, sineAndCosine } from './elementary-functions.ts';
import { ConfigError, checkChoice, checkNumber } from './errors.ts';
import type { MarginFunctions, MarginInputs, MarginStep } from './margin.ts';

/** The margin of ArcFace and SphereFace: `cos(factor · θ + margin)`. */
export interface AngularMargin extends MarginFunctions {
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
   * value −1: `c − cos((π − m) / factor) − 1`. `'continuous'`: that line with any factor, so that nothing jumps. `'clamp'`: the
   * angle with its margin stays between `angleLimit` and `π − angleLimit`, without a gradient beyond.
   */
  readonly branch?: MarginBranch | 'clamp';
  /** ε in radians, in `[0, π/2)`, for the branch `'clamp'`; default 0. */
  readonly angleLimit?: number;
}

/** Where a margin on the angle ends, and what comes beyond; see `AngularMargin`. */
export type MarginBranch = 'none' | 'easy' | 'linear' | 'continuous';

/** Bound of |cosine| before its angle is taken: 1 − 1e-7, as in the papers' code. Keeps 1/sin θ finite. */
const largestCosine = 1 - 1e-7;
/** The sine at that bound. */
const smallestSine = Math.sqrt(1 - largestCosine ** 2);

/** Returns the margin of ArcFace, and with a factor that of SphereFace. */
export function angularMargin(options: Omit<AngularMargin, 'kind' | keyof MarginFunctions>): AngularMargin {
  return { kind: 'angular', ...options, ...functions };
}

const functions = { takes: 'angle', check: checkAngular, apply: turn } as const satisfies MarginFunctions;

function checkAngular(this: AngularMargin, similarity: 'cosine' | 'dot'): void {
  checkNumber('the angular margin (m)', this.margin, { minimum: 0, maximum: Math.PI });
  checkNumber('the angle factor', this.factor ?? 1, { minimum: 1 });
  checkChoice('gradient', this.gradient ?? 'exact', ['exact', 'detached']);
  checkChoice('branch', this.branch ?? 'none', ['none', 'easy', 'linear', 'continuous', 'clamp']);
  checkNumber('angleLimit', this.angleLimit ?? 0, { minimum: 0, maximum: Math.PI / 2 });
  if (similarity === 'dot') {
    throw new ConfigError(
      "An angular margin needs similarity 'cosine', but the similarity is 'dot', which has no angle.",
    );
  }
}

/** Returns cosines bounded to where they have an angle, their sines, and where the bound changed nothing. */
export function boundedSine<T extends tf.Tensor>(similarity: T): { cosine: T; sine: T; inside: T } {
  const cosine = tf.clipByValue(similarity, -largestCosine, largestCosine);
  const sine = tf.sqrt(tf.mul(tf.sub(1, cosine), tf.add(1, cosine))) as T;
  return { cosine, sine, inside: tf.equal(cosine, similarity) };
}

function turn(
  this: AngularMargin,
  similarity: tf.Tensor1D,
  { ofRows, sine: exactSine, withoutBranch }: MarginInputs,
): MarginStep {
  const { factor = 1, gradient = 'exact', angleLimit = 0 } = this;
  const branch = (!withoutBranch && this.branch) || 'none';
  const margin: Angle = ofRows ? tf.add(ofRows, this.margin) : this.margin;
  const { cosine, sine: ofCosine, inside } = boundedSine(similarity);
  const sine = exactSine ? (tf.maximum(exactSine, smallestSine) as tf.Tensor1D) : ofCosine;
  const zeros: tf.Tensor1D = tf.zerosLike(similarity);
  const needsAngle = factor !== 1 || branch === 'clamp';
  const angle = needsAngle ? (tf.mul(angleOf(sine, cosine), factor) as tf.Tensor1D) : null;
  const multiple = angle && factor !== 1 ? sineAndCosine(angle) : { sine, cosine };
  const added = ofAngle(margin);
  let value = tf.sub(tf.mul(multiple.cosine, added.cosine), tf.mul(multiple.sine, added.sine)) as tf.Tensor1D;
  const sineAfter = tf.add(tf.mul(multiple.sine, added.cosine), tf.mul(multiple.cosine, added.sine));
  let byAngle = tf.neg(sineAfter) as tf.Tensor1D;
  let derivative = tf.div(tf.mul(sineAfter, factor), sine) as tf.Tensor1D;
  if (angle && branch === 'clamp') {
    const free = tf.add(angle, margin);
    const [isBelow, isAbove] = [tf.less(free, angleLimit), tf.greater(free, Math.PI - angleLimit)];
    const isBeyond = tf.logicalOr(isBelow, isAbove);
    const limit: tf.Tensor1D = tf.fill(value.shape, Math.cos(angleLimit));
    value = tf.where(isBelow, limit, tf.where(isAbove, tf.neg(limit), value));
    [byAngle, derivative] = [tf.where(isBeyond, zeros, byAngle), tf.where(isBeyond, zeros, derivative)];
  }
  // The value is constant where the cosine was clipped. An earlier margin may have left [−1, 1].
  derivative = tf.where(inside, derivative, zeros);
  const isDetached = gradient === 'detached';
  if (isDetached) [derivative, byAngle] = [tf.onesLike(similarity), zeros];
  if (branch === 'none' || branch === 'clamp') return { value, derivative, byRows: byAngle };
  const line = lineOf(margin, factor, branch);
  const onLine = tf.lessEqual(cosine, line.start);
  const lineByAngle = isDetached ? zeros : tf.sub(zeros, line.dropByMargin);
  return {
    value: tf.where(onLine, tf.sub(similarity, line.drop) as tf.Tensor1D, value),
    derivative: tf.where(onLine, tf.onesLike(similarity) as tf.Tensor1D, derivative),
    byRows: tf.where(onLine, lineByAngle as tf.Tensor1D, byAngle),
  };
}

/** Returns the line `c − drop` of a branch, the largest cosine on it, and `d drop / d margin`. */
function lineOf(margin: Angle, factor: number, branch: 'easy' | 'linear' | 'continuous') {
  if (branch === 'easy') return { start: 0, drop: 0, dropByMargin: 0 };
  const rest =
    typeof margin === 'number' ? (Math.PI - margin) / factor : tf.div(tf.sub(Math.PI, margin), factor);
  const start = ofAngle(rest);
  // ArcFace's line starts a little below −1. With a factor, the same line would jump upwards.
  if (branch === 'continuous' || factor !== 1) {
    return { start: start.cosine, drop: tf.add(start.cosine, 1), dropByMargin: tf.div(start.sine, factor) };
  }
  const { sine, cosine } = ofAngle(margin);
  return {
    start: start.cosine,
    drop: tf.mul(margin, sine),
    dropByMargin: tf.add(sine, tf.mul(margin, cosine)),
  };
}

/** One angle for all rows, or an angle for each. */
type Angle = number | tf.Tensor;

function ofAngle(angle: Angle): { sine: Angle; cosine: Angle } {
  return typeof angle === 'number'
    ? { sine: Math.sin(angle), cosine: Math.cos(angle) }
    : sineAndCosine(angle);
}
