import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from './errors.ts';
import type { MarginFunctions, MarginInputs, MarginStep } from './margin.ts';

/** The margin of CosFace: `c − margin` (m). With `similarity: 'dot'`, `c` is the raw product. */
export interface CosineMargin extends MarginFunctions {
  readonly kind: 'cosine';
  /** Subtracted from the cosine. */
  readonly margin: number;
}

/** Returns the margin of CosFace. @param margin m, at least 0, subtracted from the cosine */
export function cosineMargin(margin: number): CosineMargin {
  return { kind: 'cosine', margin, ...functions };
}

const functions = { takes: 'cosine', check: checkCosine, apply: subtract } as const satisfies MarginFunctions;

function checkCosine(this: CosineMargin): void {
  checkNumber('margin (m)', this.margin, { minimum: 0 });
}

function subtract(this: CosineMargin, similarity: tf.Tensor1D, { ofRows }: MarginInputs): MarginStep {
  const value = tf.sub(similarity, this.margin) as tf.Tensor1D;
  if (!ofRows) return { value };
  return { value: tf.sub(value, ofRows), byRows: tf.fill(similarity.shape, -1) };
}
