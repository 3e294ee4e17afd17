import * as tf from '@tensorflow/tfjs-core';
import { Accumulator } from './accumulator.ts';
import { type BankBlock, type BankBlocks, blockTargets, forEachBlock } from './bank-blocks.ts';
import type { BankInputs } from './bank-options.ts';
import { softplus, softplusTail } from './elementary-functions.ts';
import { pairMask } from './pair-mask.ts';

/** Receives a block and its `dL/dlogit` `[count, batch]`, before the mean over the rows. */
export type GradientSink = (block: BankBlock, logitGradient: tf.Tensor2D) => void;

/** Replaces −∞ for entries that do not count. It is far below any logit, and finite, to avoid ∞ − ∞. */
const minusInfinity = -1e30;

/** A log-sum-exp below this has no terms. It is not closer to −1e30, because the maximum of webgl starts at −1e20. */
export const emptySum = -1e19;

/**
 * Returns binary cross-entropy summed over the classes, `Σ_j t_j softplus(−z_j) + λ (1 − t_j) softplus(z_j)`, for each
 * row: `[1, batch]`. Computes gradients in the same pass. With hard labels it is eq. (11) of UniTSFace, eq. (23) and (32)
 * of UniFace.
 */
export function bceRows(blocks: BankBlocks, inputs: BankInputs, sink: GradientSink | null): tf.Tensor2D {
  const { negativeWeight, logitClip, pairSampling } = blocks.options;
  const total = new Accumulator<tf.Tensor2D>();
  forEachBlock(blocks, inputs, (block) => {
    const logits =
      logitClip === undefined ? block.logits : tf.clipByValue(block.logits, -logitClip, logitClip);
    const targets = blockTargets(block, blocks);
    let negatives: tf.Tensor = tf.mul(tf.sub(1, targets), negativeWeight);
    if (pairSampling)
      negatives = tf.mul(negatives, pairMask(pairSampling, block.start, block.count, blocks.batch));
    if (block.present) negatives = tf.mul(negatives, block.present);
    const minusLogits = tf.neg(logits);
    // softplus(±z) is max(±z, 0) plus the same tail.
    const tail = tf.mul(tf.add(targets, negatives), softplusTail(logits));
    const linear = tf.add(tf.mul(targets, tf.relu(minusLogits)), tf.mul(negatives, tf.relu(logits)));
    total.add(tf.sum(tf.add(tail, linear), 0, true) as tf.Tensor2D);
    if (!sink) return;
    const gradient = tf.sub(
      tf.mul(negatives, tf.sigmoid(logits)),
      tf.mul(targets, tf.sigmoid(minusLogits)),
    ) as tf.Tensor2D;
    if (logitClip === undefined) sink(block, gradient);
    else sink(block, tf.mul(gradient, tf.cast(tf.lessEqual(tf.abs(block.logits), logitClip), 'float32')));
  });
  return total.take();
}

/**
 * Returns softmax cross-entropy for each row: `[1, batch]`. A first pass computes the log-sum-exp of each row, a second
 * one the gradients. With hard labels the loss is `softplus(lse_{j≠y} z_j − z_y)`, which keeps small losses exact and
 * never overflows.
 */
export function softmaxRows(blocks: BankBlocks, inputs: BankInputs, sink: GradientSink | null): tf.Tensor2D {
  const soft = blocks.softTargets !== null || blocks.options.labelSmoothing > 0;
  return tf.tidy(() => {
    const sums = soft ? sumSoftTargets(blocks, inputs) : sumHardTargets(blocks, inputs);
    if (sink) {
      forEachBlock(blocks, inputs, (block) => {
        let probabilities: tf.Tensor = tf.exp(tf.sub(block.logits, sums.logSumExp));
        // Not a product: the logit 0 of an empty row can exceed the others so far that its exp overflows.
        if (block.present) {
          const isPresent = tf.cast(block.present, 'bool');
          probabilities = tf.where(isPresent, probabilities, tf.zerosLike(probabilities));
        }
        const gradient =
          'positiveGradient' in sums
            ? tf.where(block.isPositive as tf.Tensor, sums.positiveGradient, probabilities)
            : tf.sub(tf.mul(probabilities, sums.targetSum), blockTargets(block, blocks));
        sink(block, gradient as tf.Tensor2D);
      });
    }
    return sums.loss;
  });
}

function sumHardTargets(blocks: BankBlocks, inputs: BankInputs) {
  const negatives = new RunningLogSumExp(blocks.batch);
  const positive = new Accumulator<tf.Tensor2D>();
  forEachBlock(blocks, inputs, (block) => {
    const isPositive = block.isPositive as tf.Tensor2D;
    negatives.add(maskLogits(block.logits, isPositive, block.present));
    positive.add(
      tf.sum(tf.where(isPositive, block.logits, tf.zerosLike(block.logits)), 0, true) as tf.Tensor2D,
    );
  });
  const positiveLogit = positive.take();
  const negativeLogSumExp = negatives.take();
  const difference = tf.sub(negativeLogSumExp, positiveLogit);
  const loss = softplus(difference) as tf.Tensor2D;
  // Not the positive logit plus the loss: a large loss has few digits after the point.
  const logSumExp = tf.add(tf.maximum(negativeLogSumExp, positiveLogit), softplusTail(difference));
  return { loss, logSumExp, positiveGradient: tf.neg(tf.sigmoid(difference)) as tf.Tensor2D };
}

function sumSoftTargets(blocks: BankBlocks, inputs: BankInputs) {
  const all = new RunningLogSumExp(blocks.batch);
  const targetLogit = new Accumulator<tf.Tensor2D>();
  const targets = new Accumulator<tf.Tensor2D>();
  forEachBlock(blocks, inputs, (block) => {
    const target = blockTargets(block, blocks);
    all.add(maskLogits(block.logits, null, block.present));
    targetLogit.add(tf.sum(tf.mul(target, block.logits), 0, true) as tf.Tensor2D);
    targets.add(tf.sum(target, 0, true) as tf.Tensor2D);
  });
  const logSumExp = all.take();
  const targetSum = targets.take();
  const loss = tf.sub(tf.mul(logSumExp, targetSum), targetLogit.take()) as tf.Tensor2D;
  return { loss, logSumExp, targetSum };
}

/** Returns `log Σ_{j≠y} e^{z_j}` of each row, `[1, batch]`, in one pass; below `emptySum` for a row without negatives. */
export function negativeLogSumExpRows(blocks: BankBlocks, inputs: BankInputs): tf.Tensor2D {
  const negatives = new RunningLogSumExp(blocks.batch);
  forEachBlock(blocks, inputs, (block) => {
    negatives.add(maskLogits(block.logits, block.isPositive, block.present));
  });
  return negatives.take();
}

function maskLogits(
  logits: tf.Tensor2D,
  excluded: tf.Tensor2D | null,
  present: tf.Tensor2D | null,
): tf.Tensor2D {
  const masked = tf.fill(logits.shape, minusInfinity) as tf.Tensor2D;
  const kept = excluded ? tf.where(excluded, masked, logits) : logits;
  return present ? tf.where(tf.cast(present, 'bool'), kept, masked) : kept;
}

/** Log-sum-exp of each column over blocks of rows: keeps the largest value so far and the sum relative to it. */
class RunningLogSumExp {
  private readonly largest = new Accumulator<tf.Tensor2D>();
  private readonly sum = new Accumulator<tf.Tensor2D>();

  constructor(batch: number) {
    this.largest.set(tf.fill([1, batch], minusInfinity) as tf.Tensor2D);
    this.sum.set(tf.zeros([1, batch]) as tf.Tensor2D);
  }

  add(logits: tf.Tensor2D): void {
    const largest = tf.maximum(this.largest.value, tf.max(logits, 0, true)) as tf.Tensor2D;
    const before = tf.mul(this.sum.value, tf.exp(tf.sub(this.largest.value, largest)));
    this.sum.set(tf.add(before, tf.sum(tf.exp(tf.sub(logits, largest)), 0, true)) as tf.Tensor2D);
    this.largest.set(largest);
  }

  take(): tf.Tensor2D {
    const result = tf.add(this.largest.value, tf.log(tf.maximum(this.sum.value, 1e-30))) as tf.Tensor2D;
    this.largest.dispose();
    this.sum.dispose();
    return result;
  }
}
