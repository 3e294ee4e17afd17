import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from './errors.ts';
import type { MapFunctions, MappedSimilarities } from './map-functions.ts';

/**
 * Ignores negatives that are more similar than `limit`: their similarity becomes 0, without a gradient. For labels with noise
 * between classes (`interclass_filtering_threshold` of arcface_torch).
 */
export interface NegativeLimitMap extends MapFunctions {
  readonly kind: 'negativeLimit';
  /** Negatives that are more similar are ignored. */
  readonly limit: number;
}

/** Returns the map that ignores negatives above a limit. */
export function negativeLimitMap(limit: number): NegativeLimitMap {
  return { kind: 'negativeLimit', limit, ...functions };
}

const functions = { check: checkLimit, mapNegatives: dropAbove } as const satisfies MapFunctions;

function checkLimit(this: NegativeLimitMap): void {
  checkNumber('the limit of negatives', this.limit);
}

function dropAbove(this: NegativeLimitMap, similarity: tf.Tensor2D): MappedSimilarities {
  const kept = tf.cast(tf.lessEqual(similarity, this.limit), 'float32') as tf.Tensor2D;
  return { value: tf.mul(similarity, kept), derivative: kept };
}
