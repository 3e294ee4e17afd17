import { DataError, type OpenSetLoss, ShapeError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  type LossConformanceOptions,
  type LossMaker,
  makeBatch,
  standardSizes,
  warmLoss,
} from './conformance-setup.ts';
import { numericState } from './evaluate-loss.ts';

/** Registers the tests of bad input: each gives a typed error that names what was found and expected, and changes no state. */
export function badInputTests(make: LossMaker, { context }: LossConformanceOptions): void {
  const { numClasses, embeddingSize } = standardSizes;
  const rows = 5;
  const good = () => makeBatch([3, 0, 6, 3, 1], embeddingSize, 1);
  const readable = { ...context, checkValues: true };

  const shapes: readonly [string, () => [tf.Tensor, tf.Tensor], RegExp][] = [
    ['embeddings of rank 1', () => [tf.zeros([embeddingSize]), good().labels], /\[6\]/],
    ['embeddings of rank 3', () => [tf.zeros([rows, embeddingSize, 1]), good().labels], /\[5, 6, 1\]/],
    ['embeddings of the wrong size', () => [tf.zeros([rows, 4]), good().labels], /\[5, 4\]/],
    ['an empty batch', () => [tf.zeros([0, embeddingSize]), tf.zeros([0], 'int32')], /\[0, 6\]/],
    ['fewer labels than embeddings', () => [good().embeddings, tf.zeros([4], 'int32')], /\[5\].*\[4\]/],
    ['labels of rank 0', () => [good().embeddings, tf.scalar(1, 'int32')], /\[5\].*\[\]/],
    [
      'soft targets of the wrong width',
      () => [good().embeddings, tf.zeros([rows, numClasses + 1])],
      /\[5, 8\]/,
    ],
  ];
  it.each(shapes)('rejects %s', async (_, makeInputs, text) => {
    await expectRefusal(makeInputs(), ShapeError, text);
  });

  const values: readonly [string, () => [tf.Tensor, tf.Tensor], RegExp][] = [
    [
      'a label above the number of classes',
      () => [good().embeddings, tf.tensor1d([0, 1, 7, 2, 3], 'int32')],
      /labels\[2\] is 7.*0 to 6/,
    ],
    [
      'a negative label',
      () => [good().embeddings, tf.tensor1d([0, 1, 2, 3, -1], 'int32')],
      /labels\[4\] is -1/,
    ],
    ['a fractional label', () => [good().embeddings, tf.tensor1d([0, 1.5, 2, 3, 4])], /labels\[1\] is 1\.5/],
    ['NaN in an embedding', () => [withValue(Number.NaN), good().labels], /embeddings\[1\]\[2\] is NaN/],
    [
      '∞ in an embedding',
      () => [withValue(Number.POSITIVE_INFINITY), good().labels],
      /embeddings\[1\]\[2\] is Infinity/,
    ],
  ];
  it.each(values)('rejects %s', async (_, makeInputs, text) => {
    await expectRefusal(makeInputs(), DataError, text);
  });

  it('inspects a batch without a leak or a change of state, and rejects what forward rejects', async () => {
    const loss = warmLoss(make, standardSizes, context);
    if (loss.inspect) {
      const before = await numericState(loss);
      const { embeddings, labels } = good();
      const wide = tf.zeros<tf.Rank.R2>([rows, embeddingSize + 1]);
      const unknown = tf.tensor1d([0, 1, 7, 2, 3], 'int32');
      const tensors = tf.memory().numTensors;
      for (const values of Object.values(await loss.inspect(embeddings, labels, readable))) {
        expect(Array.from(values).every(Number.isFinite)).toBe(true);
      }
      await expect(loss.inspect(wide, labels, readable)).rejects.toThrow(ShapeError);
      await expect(loss.inspect(embeddings, unknown, readable)).rejects.toThrow(/labels\[2\] is 7/);
      expect(embeddings.isDisposed || labels.isDisposed).toBe(false);
      expect(tf.memory().numTensors).toBe(tensors);
      expect(await numericState(loss)).toEqual(before);
      tf.dispose([embeddings, labels, wide, unknown]);
    }
    loss.dispose();
  });

  it('rejects a state with missing, unknown or wrongly shaped tensors', async () => {
    const loss = warmLoss(make, standardSizes, context);
    const before = await numericState(loss);
    const state = loss.getState();
    const surprise = tf.scalar(1);
    expect(() => loss.setState({ ...state, surprise })).toThrow(/surprise/);
    surprise.dispose();
    const last = Object.entries(state).at(-1);
    if (!last) {
      loss.dispose();
      return;
    }
    const [key, tensor] = last;
    const { [key]: _, ...incomplete } = state;
    const wrong = tf.zeros([...tensor.shape, 2], tensor.dtype as 'float32');
    expect(() => loss.setState(incomplete)).toThrow(DataError);
    expect(() => loss.setState({ ...state, [key]: wrong })).toThrow(ShapeError);
    expect(() => loss.setState({ ...state, [key]: wrong })).toThrow(shapeOf(tensor));
    expect(() => loss.setState({ ...state, [key]: wrong })).toThrow(shapeOf(wrong));
    expect(await numericState(loss)).toEqual(before);
    tf.dispose([state, wrong]);
    loss.dispose();
  });

  function withValue(value: number): tf.Tensor2D {
    const values = new Float32Array(rows * embeddingSize).fill(0.5);
    values[embeddingSize + 2] = value;
    return tf.tensor2d(values, [rows, embeddingSize]);
  }

  async function expectRefusal(
    [embeddings, labels]: [tf.Tensor, tf.Tensor],
    kind: new (message: string) => Error,
    text: RegExp,
  ): Promise<void> {
    const loss: OpenSetLoss = warmLoss(make, standardSizes, context);
    const before = await numericState(loss);
    const tensors = tf.memory().numTensors;
    const attempt = () => loss.forward(embeddings as tf.Tensor2D, labels as tf.Tensor1D, readable);
    expect(attempt).toThrow(kind);
    expect(attempt).toThrow(text);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(await numericState(loss)).toEqual(before);
    loss.dispose();
  }
}

function shapeOf(tensor: tf.Tensor): string {
  return `[${tensor.shape.join(', ')}]`;
}
