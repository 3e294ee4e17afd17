import * as tf from '@tensorflow/tfjs-core';
import { power } from './elementary-functions.ts';
import { ConfigError, checkChoice, checkNumber } from './errors.ts';
import type { MapFunctions } from './map-functions.ts';
import type { Margin } from './margins.ts';

/**
 * SphereFace2's map of all similarities, `g(c) = 2((c + 1) / 2)^t − 1`. It stretches the similarities of strangers apart from
 * those of the same class, which reach close to 1.
 */
export interface PowerMap extends MapFunctions {
  readonly kind: 'power';
  /** t, at least 1: 3 in the paper; 1 leaves the similarities as they are. */
  readonly exponent: number;
  /**
   * `'exact'` (default): the derivative of map and margins. `'detached'`: the loss has the value of map and margins, and the
   * gradient of the plain similarity, `c + sg(v − c)`, as in SphereFace2's own code.
   */
  readonly gradient?: 'exact' | 'detached';
}

/** Returns SphereFace2's map of all similarities. */
export function powerMap(options: Pick<PowerMap, 'exponent' | 'gradient'>): PowerMap {
  return { kind: 'power', ...options, ...functions };
}

const functions = {
  check: checkPower,
  mapPositives: mapByPower,
  mapNegatives: mapByPower,
} as const satisfies MapFunctions;

function checkPower(this: PowerMap, margins: readonly Margin[]): void {
  checkNumber('the exponent of the similarity map (t)', this.exponent, { minimum: 1 });
  checkChoice('the gradient of the similarity map', this.gradient ?? 'exact', ['exact', 'detached']);
  const angular = margins.findLastIndex(({ kind }) => kind === 'angular');
  const cosine = margins.findIndex(({ kind }) => kind === 'cosine');
  if (margins.some(({ kind }) => kind === 'adaptive') || (cosine >= 0 && angular > cosine)) {
    throw new ConfigError(
      "The map 'power' comes between angular and cosine margins: list angular margins first, and no adaptive one.",
    );
  }
}

function mapByPower<T extends tf.Tensor>(this: PowerMap, similarity: T): { value: T; derivative: T } {
  return applyPower(similarity, this);
}

/** Returns `g(c) = 2((c + 1) / 2)^t − 1` and its derivative. Below −1, where a margin can lead, only whole exponents continue. */
export function applyPower<T extends tf.Tensor>(
  similarity: T,
  { exponent }: Pick<PowerMap, 'exponent'>,
): { value: T; derivative: T } {
  if (exponent === 1) return { value: similarity, derivative: tf.onesLike(similarity) };
  const half = tf.mul(tf.add(similarity, 1), 0.5) as T;
  const base = Number.isInteger(exponent) ? half : tf.relu(half);
  const slope = power(base, exponent - 1);
  return { value: tf.sub(tf.mul(tf.mul(base, slope), 2), 1), derivative: tf.mul(slope, exponent) };
}
