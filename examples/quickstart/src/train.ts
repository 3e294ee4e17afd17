import { minimize, type OpenSetLoss, randomNumbers } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { toInput } from './embedder.ts';
import { type Digits, selectRows } from './mnist.ts';

/** Options of `train`. */
export interface TrainOptions {
  readonly epochs: number;
  readonly seed: number;
  readonly batch?: number;
  readonly learningRate?: number;
  /** Called after each step. */
  readonly onStep: (progress: { images: number; epoch: number; loss: number }) => void;
}

/** Trains an embedder with a loss on shuffled batches: one call of `minimize` for each batch. */
export async function train(
  model: tf.LayersModel,
  loss: OpenSetLoss,
  digits: Digits,
  { epochs, seed, batch = 128, learningRate = 0.05, onStep }: TrainOptions,
): Promise<void> {
  const optimizer = tf.train.momentum(learningRate, 0.9);
  const random = randomNumbers(seed);
  const total = epochs * batch * Math.floor(digits.labels.length / batch);
  let images = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffleIndices(digits.labels.length, random);
    for (let start = 0; start + batch <= order.length; start += batch) {
      const part = selectRows(digits, order.slice(start, start + batch));
      const input = toInput(part);
      const labels = tf.tensor1d(part.labels, 'int32');
      const value = minimize(
        optimizer,
        loss,
        () => model.apply(input, { training: true }) as tf.Tensor2D,
        labels,
        { context: { epoch } },
      );
      images += batch;
      // The rate falls linearly to zero.
      optimizer.setLearningRate(learningRate * (1 - images / total));
      onStep({ images, epoch, loss: (await value.data())[0] as number });
      tf.dispose([input, labels, value]);
    }
  }
  optimizer.dispose();
}

function shuffleIndices(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order;
}
