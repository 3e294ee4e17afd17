import * as tf from '@tensorflow/tfjs-core';
import { angleOf, sineAndCosine } from './elementary-functions.ts';
import { ConfigError, checkChoice, checkNumber } from './errors.ts';

/** The margin of CosFace: `c − margin` (m). With `similarity: 'dot'`, `c` is the raw product. */
export interface CosineMargin {
  readonly kind: 'cosine';
  /** Subtracted from the cosine. */
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
   * value −1: `c − cos((π − m) / factor) − 1`. `'continuous'`: that line with any factor, so that nothing jumps. `'clamp'`: the
   * angle with its margin stays between `angleLimit` and `π − angleLimit`, without a gradient beyond.
   */
  readonly branch?: MarginBranch | 'clamp';
  /** ε in radians, in `[0, π/2)`, for the branch `'clamp'`; default 0. */
  readonly angleLimit?: number;
}

/** Where a margin on the angle ends, and what comes beyond; see `AngularMargin`. */
export type MarginBranch = 'none' | 'easy' | 'linear' | 'continuous';

/** The sample-adaptive margin of EPL: `c − coefficient · sg(c)` (k), with value `(1 − k) c` and gradient 1. */
export interface AdaptiveMargin {
  readonly kind: 'adaptive';
  /** k: 0.7 in the official code, 1 in the paper (`m_x = Detach(s / τ)`). */
  readonly coefficient: number;
}

/** A change of the positive similarity; plain data, which a backend kernel can read. */
export type Margin = CosineMargin | AngularMargin | AdaptiveMargin;

/** A margin for each row, `[batch]`, added to the margin of the same kind in the list. Quality-aware losses compute it. */
export interface RowMargins {
  /** Radians, of any sign. */
  readonly angle?: tf.Tensor1D | undefined;
  /** Of any sign. */
  readonly cosine?: tf.Tensor1D | undefined;
}

/** The positive similarities after all margins, and their derivative with respect to the similarities before. */
export interface MarginResult {
  /** `[rows]`: similarities with the margins. */
  readonly value: tf.Tensor1D;
  /** `[rows]`: derivatives of the values by the similarities. */
  readonly derivative: tf.Tensor1D;
  /** Derivatives with respect to the margins of the rows; null without them. */
  readonly byRowMargins: { readonly angle: tf.Tensor1D | null; readonly cosine: tf.Tensor1D | null };
}

/** Bound of |cosine| before its angle is taken: 1 − 1e-7, as in the papers' code. Keeps 1/sin θ finite. */
const largestCosine = 1 - 1e-7;
/** The sine at that bound. */
const smallestSine = Math.sqrt(1 - largestCosine ** 2);

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
      checkChoice('branch', margin.branch ?? 'none', ['none', 'easy', 'linear', 'continuous', 'clamp']);
      checkNumber('angleLimit', margin.angleLimit ?? 0, { minimum: 0, maximum: Math.PI / 2 });
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
 * @param more `rowMargins`: added to the first margin of the same kind; `sine`: the sines of the angles, where they are known more
 *   exactly than from the similarities; `beforeCosine`: a map right before the first cosine margin,
 *   or at the end
 */
export function applyMargins(
  similarity: tf.Tensor1D,
  margins: readonly Margin[],
  more: {
    readonly rowMargins?: RowMargins | undefined;
    readonly sine?: tf.Tensor1D;
    readonly beforeCosine?: (similarity: tf.Tensor1D) => { value: tf.Tensor1D; derivative: tf.Tensor1D };
  } = {},
): MarginResult {
  const { rowMargins = {} } = more;
  let value = similarity;
  let derivative: tf.Tensor1D = tf.onesLike(similarity);
  let byAngle: tf.Tensor1D | null = null;
  let byCosine: tf.Tensor1D | null = null;
  let map = more.beforeCosine;
  const then = (next: { value: tf.Tensor1D; derivative: tf.Tensor1D }) => {
    value = next.value;
    derivative = tf.mul(derivative, next.derivative);
    byAngle = byAngle && (tf.mul(byAngle, next.derivative) as tf.Tensor1D);
    byCosine = byCosine && (tf.mul(byCosine, next.derivative) as tf.Tensor1D);
  };
  for (const margin of margins) {
    if (margin.kind === 'cosine') {
      if (map) then(map(value));
      map = undefined;
      value = tf.sub(value, margin.margin);
      if (rowMargins.cosine && !byCosine) {
        value = tf.sub(value, rowMargins.cosine);
        byCosine = tf.fill(similarity.shape, -1) as tf.Tensor1D;
      }
    } else if (margin.kind === 'adaptive') {
      // c − k·sg(c): the subtrahend has no gradient (EPL, E3; head_EPL.py).
      value = tf.mul(value, 1 - margin.coefficient);
    } else {
      const own = byAngle ? undefined : rowMargins.angle;
      const angular = applyAngular(value, margin, own, value === similarity ? more.sine : undefined);
      then(angular);
      if (own) byAngle = angular.byAngle;
    }
  }
  if (map) then(map(value));
  return { value, derivative, byRowMargins: { angle: byAngle, cosine: byCosine } };
}

/** Returns cosines bounded to where they have an angle, their sines, and where the bound changed nothing. */
export function boundedSine<T extends tf.Tensor>(similarity: T): { cosine: T; sine: T; inside: T } {
  const cosine = tf.clipByValue(similarity, -largestCosine, largestCosine);
  const sine = tf.sqrt(tf.mul(tf.sub(1, cosine), tf.add(1, cosine))) as T;
  return { cosine, sine, inside: tf.equal(cosine, similarity) };
}

function applyAngular(
  similarity: tf.Tensor1D,
  options: AngularMargin,
  rowAngle: tf.Tensor1D | undefined,
  exactSine: tf.Tensor1D | undefined,
): { value: tf.Tensor1D; derivative: tf.Tensor1D; byAngle: tf.Tensor1D } {
  const { factor = 1, gradient = 'exact', branch = 'none', angleLimit = 0 } = options;
  const margin: Angle = rowAngle ? tf.add(rowAngle, options.margin) : options.margin;
  const { cosine, sine: ofCosine, inside } = boundedSine(similarity);
  const sine = exactSine ? (tf.maximum(exactSine, smallestSine) as tf.Tensor1D) : ofCosine;
  const zeros: tf.Tensor1D = tf.zerosLike(similarity);
  const needsAngle = factor !== 1 || branch === 'clamp';
  const angle = needsAngle ? (tf.mul(angleOf(sine, cosine), factor) as tf.Tensor1D) : null;
  const multiple = angle && factor !== 1 ? sineAndCosine(angle) : { sine, cosine };
  const turn = ofAngle(margin);
  let value = tf.sub(tf.mul(multiple.cosine, turn.cosine), tf.mul(multiple.sine, turn.sine)) as tf.Tensor1D;
  const sineAfter = tf.add(tf.mul(multiple.sine, turn.cosine), tf.mul(multiple.cosine, turn.sine));
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
  if (branch === 'none' || branch === 'clamp') return { value, derivative, byAngle };
  const line = lineOf(margin, factor, branch);
  const onLine = tf.lessEqual(cosine, line.start);
  const lineByAngle = isDetached ? zeros : tf.sub(zeros, line.dropByMargin);
  return {
    value: tf.where(onLine, tf.sub(similarity, line.drop) as tf.Tensor1D, value),
    derivative: tf.where(onLine, tf.onesLike(similarity) as tf.Tensor1D, derivative),
    byAngle: tf.where(onLine, lineByAngle as tf.Tensor1D, byAngle),
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
