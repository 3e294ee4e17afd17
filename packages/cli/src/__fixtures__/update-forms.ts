import { lossGradients, type OpenSetLoss } from '@openset/core';
import { AdamW, Sgd, type TrainingOptimizer } from '@openset/train';
import * as tf from '@tensorflow/tfjs-core';

/** Optimizers with every form of update. */
export const optimizers: Readonly<Record<string, () => TrainingOptimizer>> = {
  'SGD with momentum': () => new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 }),
  'SGD with momentum of Nesterov': () => new Sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  'SGD without momentum': () => new Sgd({ learningRate: 0.1, weightDecay: 0.01 }),
  AdamW: () => new AdamW({ learningRate: 0.02, weightDecay: 0.05 }),
};

/** A loss and the batches it is trained on. */
export interface UpdateCase {
  readonly make: () => OpenSetLoss;
  readonly optimizer: () => TrainingOptimizer;
  readonly batch: number;
  readonly size: number;
  readonly numClasses: number;
  /** Default 3. */
  readonly steps?: number;
}

/** Result of some steps: all numbers by name, and the variables that were updated in blocks. */
export interface UpdateResult {
  readonly numbers: Readonly<Record<string, Float32Array>>;
  /** Number of updates in blocks, and how many of them were made together with the loss. */
  readonly updates: number;
  readonly applied: number;
  /** Tensors that the steps after the first one have left behind. */
  readonly leaked: number;
}

/** Trains a loss on raw embeddings, with updates in blocks or not. */
export function trainLoss(
  { make, optimizer: makeOptimizer, batch, size, numClasses, steps = 3 }: UpdateCase,
  inBlocks: boolean,
): UpdateResult {
  const loss = make();
  const optimizer = makeOptimizer();
  const embeddings = tf.variable(tf.randomNormal([batch, size], 0, 1, 'float32', 3));
  const labels = tf.tensor1d(
    Array.from({ length: batch }, (_, row) => (row * 7919) % numClasses),
    'int32',
  );
  const variables = [embeddings, ...loss.trainable];
  const numbers: Record<string, Float32Array> = {};
  let [updates, applied, tensors, leaked] = [0, 0, 0, 0];
  for (let step = 0; step < steps; step++) {
    const result = lossGradients(loss, () => embeddings as tf.Tensor as tf.Tensor2D, labels, {
      context: { epoch: 3 },
      variables,
      blockOptimizer: inBlocks ? optimizer : undefined,
    });
    numbers[`loss ${step}`] = read(result.value);
    const ofEmbeddings = result.gradients.get(embeddings);
    if (ofEmbeddings) numbers[`embeddings ${step}`] = read(ofEmbeddings);
    let squares = 0;
    for (const update of result.updates) {
      updates++;
      if (update.isApplied) applied++;
      const sum = update.apply(optimizer);
      squares += read(sum)[0]!;
      tf.dispose(sum);
      update.dispose();
    }
    const own = [...result.gradients].filter(([variable]) => variable !== embeddings);
    for (const [{ rank }, gradient] of own) if (rank === 2) squares += sumOfSquares(gradient);
    numbers[`squares ${step}`] = new Float32Array([squares]);
    optimizer.applyGradients(own.map(([{ name }, tensor]) => ({ name, tensor })));
    result.step.commit();
    result.step.dispose();
    tf.dispose([result.value, ...result.gradients.values()]);
    if (step > 0) leaked += tf.memory().numTensors - tensors;
    tensors = tf.memory().numTensors;
  }
  const named = Object.fromEntries(loss.trainable.map((variable, index) => [`variable ${index}`, variable]));
  const states = { ...loss.getState(), ...optimizer.getState(named) };
  for (const [name, tensor] of Object.entries(states)) numbers[name] = read(tensor);
  tf.dispose([states, embeddings, labels]);
  loss.dispose();
  optimizer.dispose();
  return { numbers, updates, applied, leaked };
}

/** Returns the largest difference between two results, relative to the largest number of each tensor. */
export function largestDifference(actual: UpdateResult, expected: UpdateResult): number {
  const names = Object.keys(expected.numbers);
  if (Object.keys(actual.numbers).join() !== names.join()) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (const name of names) {
    const [found, wanted] = [actual.numbers[name]!, expected.numbers[name]!];
    let [difference, largest] = [0, 1e-30];
    for (let index = 0; index < wanted.length; index++) {
      difference = Math.max(difference, Math.abs(found[index]! - wanted[index]!));
      largest = Math.max(largest, Math.abs(wanted[index]!));
    }
    // A NaN stays.
    if (!(difference / largest <= worst)) worst = difference / largest;
  }
  return worst;
}

function read(tensor: tf.Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync());
}

function sumOfSquares(tensor: tf.Tensor): number {
  return read(tensor).reduce((sum, value) => sum + value * value, 0);
}
