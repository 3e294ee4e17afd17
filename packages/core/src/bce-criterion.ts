import * as tf from '@tensorflow/tfjs-core';
import { Accumulator } from './accumulator.ts';
import { blockTargets } from './block-targets.ts';
import type { BatchLogits, Criterion, GradientSink, LogitBlock } from './criterion.ts';
import { softplusTail } from './elementary-functions.ts';

/** Binary cross-entropy summed over the classes. */
export const bceCriterion: Criterion = { name: 'bce', check: () => {}, rowLosses: bceRows };

/**
 * Returns binary cross-entropy summed over the classes, `Σ_j t_j softplus(−z_j) + λ (1 − t_j) softplus(z_j)`, for each
 * row: `[1, batch]`. Computes gradients in the same pass. With hard labels it is eq. (11) of UniTSFace, eq. (23) and (32)
 * of UniFace.
 */
function bceRows<Block extends LogitBlock>(
  batchLogits: BatchLogits<Block>,
  sink: GradientSink<Block> | null,
): tf.Tensor2D {
  const { negativeWeight, logitClip, pairSampling } = batchLogits.options;
  const total = new Accumulator<tf.Tensor2D>();
  batchLogits.forEachBlock((block) => {
    const logits =
      logitClip === undefined ? block.logits : tf.clipByValue(block.logits, -logitClip, logitClip);
    const targets = blockTargets(block, batchLogits);
    let negatives: tf.Tensor = tf.mul(tf.sub(1, targets), negativeWeight);
    if (pairSampling)
      negatives = tf.mul(negatives, pairSampling.mask(block.start, block.count, batchLogits.batch));
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
