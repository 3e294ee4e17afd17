import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from './errors.ts';
import type { MarginFunctions, MarginStep } from './margin.ts';

/** The sample-adaptive margin of EPL: `c − coefficient · sg(c)` (k), with value `(1 − k) c` and gradient 1. */
export interface AdaptiveMargin extends MarginFunctions {
  readonly kind: 'adaptive';
  /** k: 0.7 in the official code, 1 in the paper (`m_x = Detach(s / τ)`). */
  readonly coefficient: number;
}

/** Returns the margin of EPL. @param coefficient k in `[0, 1]` */
export function adaptiveMargin(coefficient: number): AdaptiveMargin {
  return { kind: 'adaptive', coefficient, ...functions };
}

const functions = { takes: null, check: checkAdaptive, apply: shrink } as const satisfies MarginFunctions;

function checkAdaptive(this: AdaptiveMargin): void {
  checkNumber('the adaptive margin coefficient (k)', this.coefficient, { minimum: 0, maximum: 1 });
}

/** Returns `c − k·sg(c)`: the subtrahend has no gradient (EPL, E3; head_EPL.py). */
function shrink(this: AdaptiveMargin, similarity: tf.Tensor1D): MarginStep {
  return { value: tf.mul(similarity, 1 - this.coefficient) };
}
