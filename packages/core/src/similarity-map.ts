import * as tf from '@tensorflow/tfjs-core';
import { power } from './elementary-functions.ts';
import { checkChoice, checkNumber } from './errors.ts';
import { boundedSine } from './margins.ts';

/**
 * SphereFace2's map of all similarities, `g(c) = 2((c + 1) / 2)^t − 1`. It stretches the similarities of strangers apart from
 * those of the same class, which reach close to 1.
 */
export interface PowerMap {
  readonly kind: 'power';
  /** t, at least 1: 3 in the paper; 1 leaves the similarities as they are. */
  readonly exponent: number;
  /**
   * `'exact'` (default): the derivative of map and margins. `'detached'`: the loss has the value of map and margins, and the
   * gradient of the plain similarity, `c + sg(v − c)`, as in SphereFace2's own code.
   */
  readonly gradient?: 'exact' | 'detached';
}

/**
 * Emphasises hard negatives: a similarity `c` above the positive one with its margin becomes
 * `square · c² + factor · c + offset`. CurricularFace: 1, t, 0, with t given as `BankInputs.hardFactor`. MV-Softmax: 0, t + 1, t
 * (adaptive) or 0, 1, t (fixed). The choice has no gradient. An angular margin counts without its branch.
 */
export interface HardNegativesMap {
  readonly kind: 'hardNegatives';
  /** Default 0. */
  readonly square?: number;
  /** Default 1; ignored if `BankInputs.hardFactor` is given. */
  readonly factor?: number;
  /** Default 0. */
  readonly offset?: number;
}

/**
 * Ignores negatives that are more similar than `limit`: their similarity becomes 0, without a gradient. For labels with noise
 * between classes (`interclass_filtering_threshold` of arcface_torch).
 */
export interface NegativeLimitMap {
  readonly kind: 'negativeLimit';
  /** Negatives that are more similar are ignored. */
  readonly limit: number;
}

/** A change of the similarities; plain data, which a backend kernel can read. */
export type SimilarityMap = PowerMap | HardNegativesMap | NegativeLimitMap;

/** Margins on the similarities to the other classes, which make them larger: `cos(θ − angle) + cosine`. */
export interface NegativeMargin {
  /** Radians, at least 0; default 0. */
  readonly angle?: number;
  /** At least 0; default 0. */
  readonly cosine?: number;
}

/** Similarities after a map, and their derivative with respect to those before; null if it is 1 everywhere. */
export interface MappedSimilarities {
  readonly value: tf.Tensor2D;
  readonly derivative: tf.Tensor2D | null;
}

/** Options that change the similarities to the other classes. */
export interface NegativeOptions {
  readonly cosineLimit: number | undefined;
  readonly similarityMap: SimilarityMap | undefined;
  readonly negativeMargin: NegativeMargin | undefined;
}

/** Checks a map. @throws ConfigError for a value out of range, or an unknown kind */
export function checkSimilarityMap(map: SimilarityMap): void {
  checkChoice('the kind of the similarity map', map.kind, ['power', 'hardNegatives', 'negativeLimit']);
  if (map.kind === 'power') {
    checkNumber('the exponent of the similarity map (t)', map.exponent, { minimum: 1 });
    checkChoice('the gradient of the similarity map', map.gradient ?? 'exact', ['exact', 'detached']);
  } else if (map.kind === 'negativeLimit') {
    checkNumber('the limit of negatives', map.limit);
  } else {
    for (const key of ['square', 'factor', 'offset'] as const) {
      if (map[key] !== undefined) checkNumber(`${key} of the map of hard negatives`, map[key]);
    }
  }
}

/** Returns `g(c) = 2((c + 1) / 2)^t − 1` and its derivative. Below −1, where a margin can lead, only whole exponents continue. */
export function applyPower<T extends tf.Tensor>(
  similarity: T,
  { exponent }: PowerMap,
): { value: T; derivative: T } {
  if (exponent === 1) return { value: similarity, derivative: tf.onesLike(similarity) };
  const half = tf.mul(tf.add(similarity, 1), 0.5) as T;
  const base = Number.isInteger(exponent) ? half : tf.relu(half);
  const slope = power(base, exponent - 1);
  return { value: tf.sub(tf.mul(tf.mul(base, slope), 2), 1), derivative: tf.mul(slope, exponent) };
}

/**
 * Applies limit, margin and map to similarities to other classes.
 * @param similarity `[classes, batch]`
 * @param hard `[1, batch]` positive similarities with margins, and t `[1]`; for the map of hard negatives
 */
export function mapNegatives(
  similarity: tf.Tensor2D,
  { cosineLimit, similarityMap: map, negativeMargin = {} }: NegativeOptions,
  hard: { threshold: tf.Tensor2D; factor: tf.Tensor1D | undefined } | null,
): MappedSimilarities {
  let value = similarity;
  let derivative: tf.Tensor2D | null = null;
  const then = (next: tf.Tensor, slope: tf.Tensor) => {
    value = next as tf.Tensor2D;
    derivative = (derivative ? tf.mul(derivative, slope) : slope) as tf.Tensor2D;
  };
  if (cosineLimit !== undefined) {
    const inside = tf.cast(tf.lessEqual(tf.abs(value), cosineLimit), 'float32');
    then(tf.clipByValue(value, -cosineLimit, cosineLimit), inside);
  }
  const { angle = 0, cosine = 0 } = negativeMargin;
  if (angle > 0) {
    const bounded = boundedSine(value);
    const turned = tf.add(tf.mul(bounded.cosine, Math.cos(angle)), tf.mul(bounded.sine, Math.sin(angle)));
    const slope = tf.sub(
      Math.cos(angle),
      tf.div(tf.mul(bounded.cosine, Math.sin(angle)), bounded.sine),
    ) as tf.Tensor2D;
    then(turned, tf.where(bounded.inside, slope, tf.zerosLike(slope)));
  }
  if (map?.kind === 'power') {
    const power = applyPower(value, map);
    then(power.value, power.derivative);
    if (map.gradient === 'detached') derivative = null;
  } else if (map?.kind === 'negativeLimit') {
    const kept = tf.cast(tf.lessEqual(value, map.limit), 'float32');
    then(tf.mul(value, kept), kept);
  } else if (map?.kind === 'hardNegatives' && hard) {
    const { square = 0, factor = 1, offset = 0 } = map;
    const isHard = tf.greater(value, hard.threshold);
    const slope = hard.factor ?? factor;
    const harder = tf.add(tf.mul(value, tf.add(tf.mul(value, square), slope)), offset);
    const steeper = tf.add(tf.mul(value, 2 * square), slope);
    then(tf.where(isHard, harder, value), tf.where(isHard, steeper, tf.onesLike(steeper)));
  }
  if (cosine > 0) value = tf.add(value, cosine);
  return { value, derivative };
}
