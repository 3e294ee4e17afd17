import * as tf from '@tensorflow/tfjs-core';
import type { HardNegativesMap } from './hard-negatives-map.ts';
import type { HardThreshold, MappedSimilarities } from './map-functions.ts';
import type { Margin } from './margins.ts';
import type { NegativeLimitMap } from './negative-limit-map.ts';
import type { NegativeMargin } from './negative-margin.ts';
import type { PowerMap } from './power-map.ts';
import { requirePart } from './require-part.ts';

/**
 * A change of the similarities: numbers, which a backend kernel reads, and functions, which compute it with tfjs operations.
 * `powerMap`, `hardNegativesMap` and `negativeLimitMap` return one.
 */
export type SimilarityMap = PowerMap | HardNegativesMap | NegativeLimitMap;

/** Options that change the similarities to the other classes. */
export interface NegativeOptions {
  readonly cosineLimit: number | undefined;
  readonly similarityMap: SimilarityMap | undefined;
  readonly negativeMargin: NegativeMargin | undefined;
}

/** Checks a map. @throws ConfigError for a value out of range, margins that exclude the map, or what is no map */
export function checkSimilarityMap(map: SimilarityMap, margins: readonly Margin[]): void {
  requirePart('similarityMap', map, 'made by powerMap, hardNegativesMap or negativeLimitMap');
  map.check(margins);
}

/** Returns whether the loss of a map is that of the map, but its gradient that of the plain similarity. */
export function isDetached(map: SimilarityMap | undefined): boolean {
  return map?.kind === 'power' && map.gradient === 'detached';
}

/**
 * Applies limit, margin and map to similarities to other classes.
 * @param similarity `[classes, batch]`
 */
export function mapNegatives(
  similarity: tf.Tensor2D,
  { cosineLimit, similarityMap: map, negativeMargin }: NegativeOptions,
  hard: HardThreshold | null,
): MappedSimilarities {
  let value = similarity;
  let derivative: tf.Tensor2D | null = null;
  const then = (next: MappedSimilarities | null | undefined) => {
    if (!next) return;
    value = next.value;
    derivative =
      derivative && next.derivative
        ? tf.mul<tf.Tensor2D>(derivative, next.derivative)
        : (derivative ?? next.derivative);
  };
  if (cosineLimit !== undefined) {
    const inside = tf.cast(tf.lessEqual(tf.abs(value), cosineLimit), 'float32') as tf.Tensor2D;
    then({ value: tf.clipByValue(value, -cosineLimit, cosineLimit), derivative: inside });
  }
  then(negativeMargin?.turn(value));
  then(map?.mapNegatives(value, hard));
  if (isDetached(map)) derivative = null;
  if (negativeMargin?.cosine) value = tf.add(value, negativeMargin.cosine);
  return { value, derivative };
}
