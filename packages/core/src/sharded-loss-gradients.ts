import * as tf from '@tensorflow/tfjs-core';
import { shardOf } from './class-shard.ts';
import type { LossStep, OpenSetLoss } from './contract.ts';
import { type LossGradients, type LossGradientsOptions, lossGradients } from './loss-gradients.ts';
import type { Ranks } from './ranks.ts';
import { type FirstPass, type ShardBatch, withShardBatch } from './shard-batch.ts';
import { exchangeOwnRows, exchangeSums } from './shard-exchange.ts';

/**
 * Returns the loss of a batch and its gradients, as `lossGradients` does, of a loss whose classes are split over ranks (`shardLoss`). All ranks call
 * it together, with the same batch.
 *
 * The value, the losses of the rows, and the gradients of the embeddings and of whole variables are those of the whole loss, the same on all
 * ranks: do not sum them again. The gradients of variables that hold rows of a shard (`shardOf`) are those of these rows, and belong to their
 * rank alone, like pending updates.
 *
 * The ranks exchange, in this order: the rows of the batch's own classes (one sum of `batch · embeddingSize` numbers for each variable with rows for
 * classes); with softmax, or before a bias that starts from data, sums over the classes of each shard (one gather of 1 to 3 numbers for each row
 * of the batch and bank); and the mean of the results (one sum). Binary cross-entropy needs no sums. Softmax computes them in a first
 * `forward`, which changes no state. The compiled kernel keeps what it has computed for the second one; other backends compute the logits
 * once more.
 *
 * @param embeddings `[batch, embeddingSize]` of the whole batch; a variable, because `gradients` holds its gradient
 * @param labels `[batch]` int32 of the whole batch, or soft targets `[batch, numClasses]`
 * @throws what `lossGradients` throws
 */
export async function shardedLossGradients(
  loss: OpenSetLoss,
  embeddings: tf.Variable<tf.Rank.R2>,
  labels: tf.Tensor1D | tf.Tensor2D,
  ranks: Ranks,
  options: Omit<LossGradientsOptions, 'variables'> = {},
): Promise<LossGradients> {
  let batch: ShardBatch | undefined;
  let passes: readonly FirstPass[] = [];
  try {
    batch = await exchangeOwnRows(loss, labels, ranks);
    passes = await exchangeSums(batch, ranks, () => loss.forward(embeddings, labels, options.context));
    // A loss that needs whole gradients after all is computed once more.
    let next = 0;
    const nextPass = () => passes[next++ % passes.length] as FirstPass;
    const part = withShardBatch({ ...batch, nextPass }, () =>
      lossGradients(loss, () => embeddings, labels, {
        ...options,
        variables: [...loss.trainable, embeddings],
      }),
    );
    return await meanOverRanks(part, ranks);
  } finally {
    tf.dispose([...(batch?.ownRows.values() ?? []), ...passes.map(({ sums }) => sums)]);
    for (const { workspace } of passes) workspace?.dispose();
  }
}

/** Replaces values and gradients that belong to no shard by their means over the ranks. */
async function meanOverRanks(part: LossGradients, ranks: Ranks): Promise<LossGradients> {
  const { value, step, updates } = part;
  const gradients = [...part.gradients];
  const whole = gradients.filter(([variable]) => !shardOf(variable));
  const replaced = [
    value,
    ...(step.rowLosses ? [step.rowLosses] : []),
    ...whole.map(([, gradient]) => gradient),
  ];
  const means: tf.Tensor[] = [];
  try {
    const read = await Promise.all(replaced.map((tensor) => tensor.data<'float32'>()));
    // Copies: some backends return their own arrays.
    const sums = read.map((values) => new Float32Array(values));
    await ranks.sum(sums);
    for (const [index, sum] of sums.entries()) {
      const { shape } = replaced[index]!;
      means.push(
        tf.tensor(
          sum.map((each) => each / ranks.size),
          shape,
          'float32',
        ),
      );
    }
  } catch (error) {
    tf.dispose([value, ...part.gradients.values()]);
    for (const update of updates) update.dispose();
    step.dispose();
    throw error;
  }
  const meanOf = (tensor: tf.Tensor) => means[replaced.indexOf(tensor)] ?? tensor;
  const rowLosses = step.rowLosses && (meanOf(step.rowLosses) as tf.Tensor1D);
  const result = {
    value: meanOf(value) as tf.Scalar,
    gradients: new Map(gradients.map(([variable, gradient]) => [variable, meanOf(gradient)])),
    updates,
    step: withRowLosses(step, rowLosses),
  };
  tf.dispose([value, ...whole.map(([, gradient]) => gradient)]);
  return result;
}

function withRowLosses(step: LossStep, rowLosses: tf.Tensor1D | undefined): LossStep {
  if (!rowLosses) return step;
  return {
    loss: step.loss,
    rowLosses,
    commit: () => step.commit(),
    dispose: () => {
      rowLosses.dispose();
      step.dispose();
    },
  };
}
