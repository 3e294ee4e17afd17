import * as tf from '@tensorflow/tfjs-core';
import { logitsOf, openBank } from './bank-blocks.ts';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import { shardOperations } from './class-shard.ts';
import { emptySum, negativeLogSumExpRows } from './log-sum-exp.ts';
import { stopGradient } from './tape.ts';

/**
 * Returns the mean over the rows of `log Σ_{j≠y} exp(scale · similarity_j)`, streamed and without a gradient. It is the
 * initial bias of USS and of sample-to-sample BCE (official code of UniTSFace). Rows without negatives do not count. It checks nothing.
 * @param options margins are ignored, and so is the bias
 * @returns `[1]`; 0 if no row has a negative
 */
export function meanNegativeLogSumExp(
  { embeddings, labels, bank }: Pick<BankInputs, 'embeddings' | 'labels' | 'bank'>,
  options: ResolvedBankOptions,
): tf.Tensor1D {
  return stopGradient(() => {
    const inputs = { embeddings, labels, bank };
    const withoutMargins = { ...options, margins: [] };
    const rows =
      shardOperations(bank)?.negativeLogSumExp(inputs, withoutMargins) ??
      negativeLogSumExpRows(logitsOf(openBank(inputs, withoutMargins), inputs));
    const counts = tf.greater(rows, emptySum);
    const sum = tf.sum(tf.where(counts, rows, tf.zerosLike(rows)));
    return tf.reshape(tf.div(sum, tf.maximum(tf.sum(tf.cast(counts, 'float32')), 1)), [1]) as tf.Tensor1D;
  });
}
