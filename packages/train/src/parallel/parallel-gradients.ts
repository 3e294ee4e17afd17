import {
  isSharded,
  type LossGradients,
  type LossGradientsOptions,
  lossGradients,
  type OpenSetLoss,
  type Ranks,
  type RecordedEmbeddings,
  shardedLossGradients,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import type { BatchTensors } from '../training/batch-source.ts';
import { yieldToEventLoop } from '../training/yield-to-event-loop.ts';
import { embedRows, emptyRows, type RowsOfRank } from './embed-rows.ts';

/** A batch whose rows are spread over the ranks, and what its gradients are computed with. */
export interface ParallelBatch extends Pick<RowsOfRank, 'backbone' | 'seed' | 'sumStatistics'> {
  readonly ranks: Ranks;
  readonly loss: OpenSetLoss;
  /** The rows of this rank; there may be none. */
  readonly tensors: BatchTensors;
  /** Numbers of rows of all ranks, by rank. */
  readonly shares: readonly number[];
  /** Called when this rank has computed its embeddings, before it waits for others; for measuring times. */
  readonly afterOwnForward: () => void;
  /** Called with the embeddings of all ranks, before the loss. */
  readonly afterEmbedding: (embeddings: tf.Tensor2D) => void;
  /** Takes a gradient of the network as soon as it is final, and the ownership of the tensor. */
  readonly addGradient: (variable: tf.Variable, gradient: tf.Tensor) => Promise<void>;
  readonly options: Omit<LossGradientsOptions, 'variables'>;
}

/**
 * Returns the loss of a batch whose rows are spread over the ranks, with the gradients of the loss for all rows. `addGradient` gets those of the
 * network for the rows of this rank, which are still to be summed over the ranks.
 *
 * All ranks gather the embeddings and labels of the batch, and compute the loss of all rows, over all classes or over those of their shard. So
 * every loss, also one that compares samples with each other or keeps a memory, has the value and the state that it has in one process.
 * @throws what the network and `lossGradients` throw
 */
export async function parallelGradients(batch: ParallelBatch): Promise<LossGradients> {
  const { ranks, backbone, loss, tensors, shares, options } = batch;
  const recorded = embedRows({ ...batch, images: tensors.images });
  let all: tf.Variable<tf.Rank.R2> | undefined;
  let labels: BatchTensors['labels'] | undefined;
  try {
    batch.afterOwnForward();
    all = await gatherEmbeddings(ranks, recorded.embeddings);
    labels = await gatherRows(ranks, tensors.labels);
    batch.afterEmbedding(all);
    const result = isSharded(loss)
      ? await shardedLossGradients(loss, all, labels, ranks, options)
      : lossGradients(loss, () => all as tf.Tensor2D, labels, {
          ...options,
          variables: [...loss.trainable, all],
        });
    const gradients = new Map(result.gradients);
    const ofEmbeddings = gradients.get(all);
    gradients.delete(all);
    if (ofEmbeddings) {
      const start = shares.slice(0, ranks.rank).reduce((sum, rows) => sum + rows, 0);
      const rows = shares[ranks.rank]!;
      const { embeddingSize } = backbone;
      const own =
        rows > 0 ? tf.slice(ofEmbeddings, [start, 0], [rows, embeddingSize]) : emptyRows(embeddingSize);
      await runBackward(batch, recorded, own as tf.Tensor2D);
    }
    ofEmbeddings?.dispose();
    return { ...result, gradients };
  } finally {
    recorded.dispose();
    all?.dispose();
    labels?.dispose();
  }
}

/**
 * Runs the backward pass of the network. Yields to the event loop after each operation, which moves the gradients that are on their way: MPI
 * works only while it is called.
 */
async function runBackward(
  { addGradient }: ParallelBatch,
  recorded: RecordedEmbeddings,
  ofEmbeddings: tf.Tensor2D,
): Promise<void> {
  try {
    for (const final of recorded.backward(ofEmbeddings)) {
      for (const [variable, gradient] of final) await addGradient(variable, gradient);
      await yieldToEventLoop();
    }
  } finally {
    ofEmbeddings.dispose();
  }
}

/** Returns the embeddings of all ranks as a variable, because the loss is differentiated by them. */
async function gatherEmbeddings(ranks: Ranks, own: tf.Tensor2D): Promise<tf.Variable<tf.Rank.R2>> {
  const gathered = await gatherRows(ranks, own);
  try {
    return tf.variable(gathered, true);
  } finally {
    gathered.dispose();
  }
}

/** Returns the rows of all ranks in the order of ranks. */
async function gatherRows<T extends tf.Tensor>(ranks: Ranks, rows: T): Promise<T> {
  const values = await rows.data<'float32' | 'int32'>();
  const parts = await ranks.gather<Float32Array | Int32Array>(values);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new (values.constructor as Float32ArrayConstructor)(length);
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  const [, ...shape] = rows.shape;
  const count = length / shape.reduce((size, each) => size * each, 1);
  return tf.tensor(all, [count, ...shape], rows.dtype) as T;
}
