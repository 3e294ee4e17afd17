import type { LossContext, OpenSetLoss } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  type Batch,
  type LossConformanceOptions,
  type LossMaker,
  makeBatch,
  type Surrogate,
  standardSizes,
  warmLoss,
} from './conformance-setup.ts';
import { lossAndGradients } from './evaluate-loss.ts';
import { gradientCheck } from './gradient-check.ts';

/** Relative error that finite differences of a float32 function leave. */
const differenceTolerance = 5e-3;
const batchLabels = [3, 0, 6, 3, 1];

/** Registers the comparison of gradients with finite differences. */
export function gradientTests(make: LossMaker, { context, surrogate }: LossConformanceOptions): void {
  const { embeddingSize } = standardSizes;

  if (surrogate !== 'elsewhere') differenceTests(make, { context, surrogate });

  it('decreases when the embeddings descend along the gradient', async () => {
    const loss = warmLoss(make, standardSizes, context);
    const batch = makeBatch([0, 1, 2, 3, 4], embeddingSize, 5);
    let values = (await batch.embeddings.data()) as Float32Array;
    const history: number[] = [];
    for (let count = 0; count < 30; count++) {
      const current = tf.tensor2d(values, batch.embeddings.shape);
      const step = await lossAndGradients(loss, current, batch.labels, { context });
      history.push(step.loss);
      const length = Math.hypot(...step.embeddings) || 1;
      values = values.map((value, index) => value - (0.2 * step.embeddings[index]!) / length);
      current.dispose();
    }
    expect(history.at(-1)).toBeLessThan(history[0]!);
    loss.dispose();
  });
}

function differenceTests(
  make: LossMaker,
  { context, surrogate }: { context: LossContext | undefined; surrogate: Surrogate | undefined },
): void {
  const { embeddingSize } = standardSizes;

  it('matches finite differences in the gradient of the embeddings', async () => {
    const loss = warmLoss(make, standardSizes, context);
    const batch = makeBatch(batchLabels, embeddingSize, 1);
    const point = (await batch.embeddings.data()) as Float32Array;
    const { embeddings: gradient } = await lossAndGradients(loss, batch.embeddings, batch.labels, {
      context,
    });
    const value = surrogate?.(loss, batch.embeddings, batch.labels);
    const evaluate = async (values: Float32Array): Promise<number> => {
      const moved = tf.tensor2d(values, batch.embeddings.shape);
      const result = await lossValue(loss, { ...batch, embeddings: moved }, context, value);
      moved.dispose();
      return result;
    };
    expect(gradient.some((value) => value !== 0)).toBe(true);
    expect(await gradientCheck(evaluate, point, gradient)).toBeLessThan(differenceTolerance);
    loss.dispose();
  });

  it('matches finite differences in the gradient of every trainable variable', async () => {
    const loss = warmLoss(make, standardSizes, context);
    const batch = makeBatch(batchLabels, embeddingSize, 1);
    const { trainable } = await lossAndGradients(loss, batch.embeddings, batch.labels, { context });
    const value = surrogate?.(loss, batch.embeddings, batch.labels);
    for (const [index, variable] of loss.trainable.entries()) {
      const point = (await variable.data()) as Float32Array;
      const gradient = trainable[index]!;
      const assign = (values: Float32Array) =>
        tf.tidy(() => variable.assign(tf.tensor(values, variable.shape, 'float32')));
      const evaluate = async (values: Float32Array): Promise<number> => {
        assign(values);
        return lossValue(loss, batch, context, value);
      };
      expect(
        gradient.some((value) => value !== 0),
        `${variable.name} has no gradient`,
      ).toBe(true);
      expect(await gradientCheck(evaluate, point, gradient), variable.name).toBeLessThan(differenceTolerance);
      assign(point);
    }
    loss.dispose();
  });
}

/** Returns the loss of a batch, or the value of its surrogate if there is one. */
async function lossValue(
  loss: OpenSetLoss,
  { embeddings, labels }: Batch,
  context: LossContext | undefined,
  surrogate: ((embeddings: tf.Tensor2D) => tf.Scalar) | undefined,
): Promise<number> {
  const step = surrogate ? null : loss.forward(embeddings, labels, context);
  const value = surrogate ? tf.tidy(() => surrogate(embeddings)) : step!.loss;
  const [result] = await value.data<'float32'>();
  value.dispose();
  step?.dispose();
  return result!;
}
