import { ShapeError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  type LossConformanceOptions,
  type LossMaker,
  makeBatch,
  permutation,
  standardSizes,
  warmLoss,
} from './conformance-setup.ts';
import { type LossEvaluation, lossAndGradients, numericState } from './evaluate-loss.ts';
import { relativeError } from './relative-error.ts';

const tolerance = 1e-4;
/** Distinct labels, because the result of some losses depends on the order of duplicates. */
const distinctLabels = [5, 0, 6, 3, 1];

/** Registers the tests of changes that must not affect the result, and of inputs at the limits of float32. */
export function invarianceTests(
  make: LossMaker,
  { context, normalized = true, smallestBatch = 1 }: LossConformanceOptions,
): void {
  const { numClasses, embeddingSize } = standardSizes;

  it('does not depend on the order of the batch', async () => {
    const loss = warmLoss(make, standardSizes, context);
    const { embeddings, labels } = makeBatch(distinctLabels, embeddingSize, 2);
    const order = permutation(distinctLabels.length, 3);
    const plain = await lossAndGradients(loss, embeddings, labels, { context });
    const shuffled = await lossAndGradients(loss, tf.gather(embeddings, order), tf.gather(labels, order), {
      context,
    });
    expectSame(shuffled, { ...plain, embeddings: rowsInOrder(plain.embeddings, order, embeddingSize) });
    loss.dispose();
  });

  it('does not depend on the numbering of the classes', async () => {
    const loss = warmLoss(make, standardSizes, context);
    const { embeddings, labels } = makeBatch(distinctLabels, embeddingSize, 2);
    const plain = await lossAndGradients(loss, embeddings, labels, { context });
    // Class order[j] is renumbered to j.
    const order = permutation(numClasses, 4);
    const state = loss.getState();
    const renumbered = Object.entries(state).map(([key, tensor]) => [
      key,
      isByClass(tensor.shape) ? tf.gather(tensor, rowsOfClasses(order, tensor.shape[0]!)) : tf.clone(tensor),
    ]);
    loss.setState(Object.fromEntries(renumbered));
    const newLabels = tf.tensor1d(
      distinctLabels.map((label) => order.indexOf(label)),
      'int32',
    );
    const result = await lossAndGradients(loss, embeddings, newLabels, { context });
    const trainable = plain.trainable.map((values, index) => {
      const [rows, columns = 1] = loss.trainable[index]!.shape;
      return isByClass([rows!]) ? rowsInOrder(values, rowsOfClasses(order, rows!), columns) : values;
    });
    expectSame(result, { ...plain, trainable });
    loss.dispose();
  });

  if (normalized) {
    it('does not depend on the length of the embeddings', async () => {
      const loss = warmLoss(make, standardSizes, context);
      const { embeddings, labels } = makeBatch(distinctLabels, embeddingSize, 2);
      const plain = await lossAndGradients(loss, embeddings, labels, { context });
      for (const factor of [0.05, 4, 1e6]) {
        const scaled = await lossAndGradients(loss, tf.mul(embeddings, factor), labels, { context });
        expectSame(scaled, { ...plain, embeddings: plain.embeddings.map((value) => value / factor) });
      }
      loss.dispose();
    });
  }

  it('does not depend on the block size', async () => {
    const whole = warmLoss(make, standardSizes, context);
    const { embeddings, labels } = makeBatch(distinctLabels, embeddingSize, 2);
    const plain = await lossAndGradients(whole, embeddings, labels, { context });
    for (const blockSize of [1, 2, 3, numClasses]) {
      const blocked = warmLoss(make, { ...standardSizes, blockSize }, context);
      expectSame(await lossAndGradients(blocked, embeddings, labels, { context }), plain);
      blocked.dispose();
    }
    whole.dispose();
  });

  const extremes: readonly [string, (rows: number[][]) => number[][]][] = [
    ['1e9', (rows) => rows.map((row) => row.map((value) => Math.sign(value) * 1e9))],
    ['0', (rows) => rows.map((row) => row.map(() => 0))],
    ['1e-20', (rows) => rows.map((row) => row.map((value) => value * 1e-20))],
    ['1e20', (rows) => rows.map((row) => row.map((value) => value * 1e20))],
    [
      '1e-9 to 1e9 in one batch',
      (rows) => rows.map((row, index) => row.map((value) => value * [1e9, 1, 0, 1e-9, -1e9][index]!)),
    ],
  ];
  it.each(extremes)('stays finite for embeddings of magnitude %s', async (_, change) => {
    const loss = warmLoss(make, standardSizes, context);
    const { embeddings, labels } = makeBatch([3, 0, 6, 3, 1], embeddingSize, 2);
    const extreme = tf.tensor2d(change((await embeddings.array()) as number[][]));
    expectFinite(
      await lossAndGradients(loss, extreme, labels, { context, commit: true }),
      await numericState(loss),
    );
    // Ordinary embeddings still work afterwards.
    expectFinite(
      await lossAndGradients(loss, embeddings, labels, { context, commit: true }),
      await numericState(loss),
    );
    loss.dispose();
  });

  it.each([
    ['one class', 1, [0, 0, 0]],
    ['a batch of one', numClasses, [2]],
    ['the same label in every row', numClasses, [4, 4, 4, 4]],
    ['more rows than classes', 2, [0, 1, 1, 0, 1, 0, 0]],
  ])('stays finite with %s', async (_, classes, list) => {
    const sizes = { numClasses: classes, embeddingSize };
    // The loss is warmed with one row of each class.
    const warm = classes >= smallestBatch ? [warmLoss(make, sizes, context)] : [];
    for (const loss of [make(sizes), ...warm]) {
      const { embeddings, labels } = makeBatch(list, embeddingSize, 6);
      if (list.length < smallestBatch) {
        expect(() => loss.forward(embeddings, labels, context)).toThrow(ShapeError);
        loss.dispose();
        continue;
      }
      expectFinite(
        await lossAndGradients(loss, embeddings, labels, { context, commit: true }),
        await numericState(loss),
      );
      loss.dispose();
    }
  });
}

/** Whether a tensor has one row for each class, or several. */
function isByClass([rows = 0]: readonly number[]): boolean {
  return rows > 0 && rows % standardSizes.numClasses === 0;
}

/** Returns the rows of classes in an order; each class has the same number of rows, one after another. */
function rowsOfClasses(order: readonly number[], rows: number): number[] {
  const each = rows / order.length;
  return order.flatMap((label) => Array.from({ length: each }, (_, row) => label * each + row));
}

function rowsInOrder(values: Float32Array, order: readonly number[], columns: number): Float32Array {
  return Float32Array.from(order.flatMap((row) => [...values.subarray(row * columns, (row + 1) * columns)]));
}

function expectSame(actual: LossEvaluation, expected: LossEvaluation): void {
  expect(relativeError([actual.loss], [expected.loss])).toBeLessThan(tolerance);
  expect(relativeError(actual.embeddings, expected.embeddings)).toBeLessThan(tolerance);
  expected.trainable.forEach((gradient, index) => {
    expect(relativeError(actual.trainable[index]!, gradient)).toBeLessThan(tolerance);
  });
}

function expectFinite(result: LossEvaluation, state: Record<string, Float32Array>): void {
  const all = { ...state, loss: [result.loss], embeddings: result.embeddings, ...result.trainable };
  for (const [key, values] of Object.entries(all)) {
    expect(Array.from(values as Float32Array).every(Number.isFinite), `${key} is finite`).toBe(true);
  }
}
