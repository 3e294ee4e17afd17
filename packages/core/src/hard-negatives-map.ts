import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from './errors.ts';
import type { HardThreshold, MapFunctions, MappedSimilarities } from './map-functions.ts';

/**
 * Emphasises hard negatives: a similarity `c` above the positive one with its margin becomes
 * `square · c² + factor · c + offset`. CurricularFace: 1, t, 0, with t given as `BankInputs.hardFactor`. MV-Softmax: 0, t + 1, t
 * (adaptive) or 0, 1, t (fixed). The choice has no gradient. An angular margin counts without its branch.
 */
export interface HardNegativesMap extends MapFunctions {
  readonly kind: 'hardNegatives';
  /** Default 0. */
  readonly square?: number;
  /** Default 1; ignored if `BankInputs.hardFactor` is given. */
  readonly factor?: number;
  /** Default 0. */
  readonly offset?: number;
}

/** Returns the map that emphasises hard negatives. */
export function hardNegativesMap(
  options: Pick<HardNegativesMap, 'square' | 'factor' | 'offset'> = {},
): HardNegativesMap {
  return { kind: 'hardNegatives', ...options, ...functions };
}

const functions = { check: checkHardNegatives, mapNegatives: harden } as const satisfies MapFunctions;

function checkHardNegatives(this: HardNegativesMap): void {
  for (const key of ['square', 'factor', 'offset'] as const) {
    if (this[key] !== undefined) checkNumber(`${key} of the map of hard negatives`, this[key]);
  }
}

function harden(
  this: HardNegativesMap,
  similarity: tf.Tensor2D,
  hard: HardThreshold | null,
): MappedSimilarities | null {
  if (!hard) return null;
  const { square = 0, factor = 1, offset = 0 } = this;
  const isHard = tf.greater(similarity, hard.threshold);
  const slope = hard.factor ?? factor;
  const harder = tf.add(tf.mul(similarity, tf.add(tf.mul(similarity, square), slope)), offset);
  const steeper = tf.add(tf.mul(similarity, 2 * square), slope);
  return {
    value: tf.where(isHard, harder, similarity) as tf.Tensor2D,
    derivative: tf.where(isHard, steeper, tf.onesLike(steeper)) as tf.Tensor2D,
  };
}
