import * as tf from '@tensorflow/tfjs-core';
import { Accumulator } from './accumulator.ts';
import { refuse } from './bank-combinations.ts';
import { blockTargets } from './block-targets.ts';
import type { BatchLogits, Criterion, CriterionOptions, GradientSink, LogitBlock } from './criterion.ts';
import { softplus, softplusTail } from './elementary-functions.ts';
import { maskLogits, RunningLogSumExp } from './log-sum-exp.ts';

/** Softmax cross-entropy over the classes. */
export const softmaxCriterion: Criterion = {
  name: 'softmax',
  check: checkSoftmax,
  rowLosses: softmaxRows,
  sums: softmaxSums,
};

function checkSoftmax({ negativeWeight, pairSampling, logitClip }: CriterionOptions): void {
  const bceOnly = {
    negativeWeight: negativeWeight !== 1,
    pairSampling,
    logitClip: logitClip !== undefined,
  };
  refuse(bceOnly, (one) => `${one} is an option of the criterion 'bce', but the criterion is 'softmax'.`);
}

/**
 * Returns softmax cross-entropy for each row: `[1, batch]`. A first pass computes the log-sum-exp of each row, a second
 * one the gradients. With hard labels the loss is `softplus(lse_{j≠y} z_j − z_y)`, which keeps small losses exact and
 * never overflows.
 */
function softmaxRows<Block extends LogitBlock>(
  batchLogits: BatchLogits<Block>,
  sink: GradientSink<Block> | null,
): tf.Tensor2D {
  return tf.tidy(() => {
    const sums = isSoft(batchLogits) ? softLoss(batchLogits) : hardLoss(batchLogits);
    if (sink) {
      batchLogits.forEachBlock((block) => {
        let probabilities: tf.Tensor = tf.exp(tf.sub(block.logits, sums.logSumExp));
        // Not a product: the logit 0 of an empty row can exceed the others so far that its exp overflows.
        if (block.present) {
          const isPresent = tf.cast(block.present, 'bool');
          probabilities = tf.where(isPresent, probabilities, tf.zerosLike(probabilities));
        }
        const gradient =
          'positiveGradient' in sums
            ? tf.where(block.isPositive as tf.Tensor, sums.positiveGradient, probabilities)
            : tf.sub(tf.mul(probabilities, sums.targetSum), blockTargets(block, batchLogits));
        sink(block, gradient as tf.Tensor2D);
      });
    }
    return sums.loss;
  });
}

function isSoft({ softTargets, options }: BatchLogits<LogitBlock>): boolean {
  return softTargets !== null || options.labelSmoothing > 0;
}

function softmaxSums(batchLogits: BatchLogits<LogitBlock>): tf.Tensor2D {
  return tf.tidy(() => {
    if (isSoft(batchLogits)) {
      const { logSumExp, targetLogit, targetSum } = sumSoftTargets(batchLogits);
      return tf.concat2d([logSumExp, targetLogit, targetSum], 0);
    }
    const { positiveLogit, negativeLogSumExp } = sumHardTargets(batchLogits);
    return tf.concat2d([positiveLogit, negativeLogSumExp], 0);
  });
}

/** Returns the rows of the totals over all shards, each `[1, batch]`. */
function splitTotals(totals: tf.Tensor2D): tf.Tensor2D[] {
  return tf.split(totals, totals.shape[0], 0);
}

/** What the loss with hard labels needs of its classes, all `[1, batch]`. Sums over parts of the classes combine to those over all. */
interface HardSums {
  /** The logit of the own class; 0 where it is not among these classes. */
  readonly positiveLogit: tf.Tensor2D;
  /** Log-sum-exp of the other classes. */
  readonly negativeLogSumExp: tf.Tensor2D;
}

function sumHardTargets(batchLogits: BatchLogits<LogitBlock>): HardSums {
  const negatives = new RunningLogSumExp(batchLogits.batch);
  const positive = new Accumulator<tf.Tensor2D>();
  batchLogits.forEachBlock((block) => {
    const isPositive = block.isPositive as tf.Tensor2D;
    negatives.add(maskLogits(block.logits, isPositive, block.present));
    positive.add(
      tf.sum(tf.where(isPositive, block.logits, tf.zerosLike(block.logits)), 0, true) as tf.Tensor2D,
    );
  });
  return { positiveLogit: positive.take(), negativeLogSumExp: negatives.take() };
}

function hardLoss(batchLogits: BatchLogits<LogitBlock>) {
  const [difference, logSumExp] = batchLogits.totals
    ? (splitTotals(batchLogits.totals) as [tf.Tensor2D, tf.Tensor2D])
    : hardTotals(sumHardTargets(batchLogits));
  const loss = softplus(difference) as tf.Tensor2D;
  return { loss, logSumExp, positiveGradient: tf.neg(tf.sigmoid(difference)) as tf.Tensor2D };
}

function hardTotals({ positiveLogit, negativeLogSumExp }: HardSums) {
  const difference = tf.sub(negativeLogSumExp, positiveLogit) as tf.Tensor2D;
  // Not the positive logit plus the loss: a large loss has few digits after the point.
  const logSumExp = tf.add(tf.maximum(negativeLogSumExp, positiveLogit), softplusTail(difference));
  return [difference, logSumExp as tf.Tensor2D] as const;
}

function softLoss(batchLogits: BatchLogits<LogitBlock>) {
  const { totals } = batchLogits;
  const { logSumExp, targetLogit, targetSum } = totals
    ? softTotals(splitTotals(totals))
    : sumSoftTargets(batchLogits);
  const loss = tf.sub(tf.mul(logSumExp, targetSum), targetLogit) as tf.Tensor2D;
  return { loss, logSumExp, targetSum };
}

function softTotals([logSumExp, targetLogit, targetSum]: tf.Tensor2D[]) {
  return { logSumExp, targetLogit, targetSum } as Record<
    'logSumExp' | 'targetLogit' | 'targetSum',
    tf.Tensor2D
  >;
}

function sumSoftTargets(batchLogits: BatchLogits<LogitBlock>) {
  const all = new RunningLogSumExp(batchLogits.batch);
  const targetLogit = new Accumulator<tf.Tensor2D>();
  const targets = new Accumulator<tf.Tensor2D>();
  batchLogits.forEachBlock((block) => {
    const target = blockTargets(block, batchLogits);
    all.add(maskLogits(block.logits, null, block.present));
    targetLogit.add(tf.sum(tf.mul(target, block.logits), 0, true) as tf.Tensor2D);
    targets.add(tf.sum(target, 0, true) as tf.Tensor2D);
  });
  return { logSumExp: all.take(), targetLogit: targetLogit.take(), targetSum: targets.take() };
}
