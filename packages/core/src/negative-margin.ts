import * as tf from '@tensorflow/tfjs-core';
import { boundedSine } from './angular-margin.ts';
import { checkNumber } from './errors.ts';
import type { MappedSimilarities } from './map-functions.ts';

/** Margins on the similarities to the other classes, which make them larger: `cos(θ − angle) + cosine`. */
export interface NegativeMargin {
  /** Radians, at least 0; default 0. */
  readonly angle?: number;
  /** At least 0; default 0. */
  readonly cosine?: number;
  /** Checks the numbers. @throws ConfigError for one out of range */
  check(): void;
  /** Returns similarities `[classes, batch]` with the margin of the angle; null without one. */
  turn(similarity: tf.Tensor2D): MappedSimilarities | null;
}

/** Returns margins on the similarities to the other classes. */
export function negativeMargin(options: Pick<NegativeMargin, 'angle' | 'cosine'>): NegativeMargin {
  return { ...options, ...functions };
}

const functions = { check: checkNegativeMargin, turn: turnBack } as const;

function checkNegativeMargin(this: NegativeMargin): void {
  checkNumber('the angle of negativeMargin', this.angle ?? 0, { minimum: 0, maximum: Math.PI });
  checkNumber('the cosine of negativeMargin', this.cosine ?? 0, { minimum: 0 });
}

function turnBack(this: NegativeMargin, similarity: tf.Tensor2D): MappedSimilarities | null {
  const { angle = 0 } = this;
  if (angle === 0) return null;
  const { cosine, sine, inside } = boundedSine(similarity);
  const turned = tf.add(tf.mul(cosine, Math.cos(angle)), tf.mul(sine, Math.sin(angle))) as tf.Tensor2D;
  const slope = tf.sub(Math.cos(angle), tf.div(tf.mul(cosine, Math.sin(angle)), sine)) as tf.Tensor2D;
  return { value: turned, derivative: tf.where(inside, slope, tf.zerosLike(slope)) };
}
