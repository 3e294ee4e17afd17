import * as tf from '@tensorflow/tfjs-core';
import type { LearnedThreshold, LossContext, LossStep, StateStep } from '../contract.ts';
import { type BankLossOptions, makeStep, StatefulLoss } from '../stateful-loss.ts';
import { operation } from '../tape.ts';

/** Options of `ScalarLoss`. */
export interface ScalarLossOptions extends BankLossOptions {
  /** Default 1. */
  readonly factor?: number;
  /** Result of `threshold()`; default null. */
  readonly threshold?: LearnedThreshold;
}

/**
 * A loss for mental arithmetic: `factor · slope · Σ embeddings`. The variable `slope` starts at 2. The memory `count` is the
 * number of rows seen so far.
 */
export class ScalarLoss extends StatefulLoss {
  readonly slope: tf.Variable;
  readonly count: tf.Variable;
  private readonly options: ScalarLossOptions;

  constructor(options: ScalarLossOptions) {
    super('ScalarLoss', options);
    this.options = options;
    this.slope = this.addTrainable('slope', tf.tensor1d([2]));
    this.count = this.addMemory('count', tf.tensor1d([0], 'int32'));
  }

  override threshold(): LearnedThreshold | null {
    return this.options.threshold ?? null;
  }

  forward(embeddings: tf.Tensor2D, labels: tf.Tensor1D, context?: LossContext): LossStep {
    this.checkHardBatch(embeddings, labels, context);
    const { factor = 1 } = this.options;
    return makeStep((hold) => {
      const after = hold(tf.add(this.count, tf.scalar(embeddings.shape[0], 'int32')));
      const loss = operation(
        [this.slope, embeddings],
        () => {
          const sum = tf.mul(tf.sum(embeddings), factor) as tf.Scalar;
          const value = tf.reshape(tf.mul(sum, this.slope), []) as tf.Scalar;
          return { value, saved: [sum, this.slope] };
        },
        (dy, [sum, slope]) => [
          tf.reshape(tf.mul(dy, sum!), [1]),
          tf.mul(tf.mul(tf.onesLike(embeddings), tf.mul(slope!, factor)), dy),
        ],
      );
      return { loss, commit: () => this.count.assign(after) };
    });
  }

  observe(embeddings: tf.Tensor2D, labels: tf.Tensor1D, context?: LossContext): StateStep {
    return this.forward(embeddings, labels, context);
  }
}

/** Returns embeddings `[2, 2]` with the sum 10, and labels `[2]`. The caller disposes of them. */
export function tinyBatch(): { embeddings: tf.Tensor2D; labels: tf.Tensor1D } {
  return {
    embeddings: tf.tensor2d([
      [1, 2],
      [3, 4],
    ]),
    labels: tf.tensor1d([0, 2], 'int32'),
  };
}

/** The sizes of `tinyBatch`. */
export const tinySizes = { numClasses: 3, embeddingSize: 2 } as const;
