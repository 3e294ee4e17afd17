import type * as tf from '@tensorflow/tfjs-core';
import type { OpenSetLoss } from './contract.ts';
import { ConfigError } from './errors.ts';
import type { LossGradients, LossGradientsOptions } from './loss-gradients.ts';
import type { Ranks } from './ranks.ts';

/**
 * Returns the loss of a batch and its gradients, as `lossGradients` does, of a loss whose classes are split over ranks (`shardLoss`). All ranks call
 * it with the same batch. Value, losses of the rows, gradients of the embeddings and of whole variables are the same on all ranks, and are not to
 * be summed any more. The gradients of variables that hold rows of a shard (`shardOf`) are those of these rows alone, and stay on their rank.
 *
 * @param embeddings `[batch, embeddingSize]` of the whole batch: a variable, because `gradients` holds its gradient
 * @param labels `[batch]` int32 of the whole batch, or soft targets
 */
export async function shardedLossGradients(
  loss: OpenSetLoss,
  _embeddings: tf.Variable<tf.Rank.R2>,
  _labels: tf.Tensor1D | tf.Tensor2D,
  _ranks: Ranks,
  _options: Omit<LossGradientsOptions, 'variables'> = {},
): Promise<LossGradients> {
  throw new ConfigError(`${loss.name}: the gradients of a shard are not computed yet.`);
}
