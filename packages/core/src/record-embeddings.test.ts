import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
import { type RecordedEmbeddings, recordEmbeddings } from './record-embeddings.ts';
import { operation } from './tape.ts';

const values = (tensor: tf.Tensor) => [...tensor.dataSync()];
const allGradients = (recorded: RecordedEmbeddings, ofEmbeddings: tf.Tensor2D) =>
  new Map([...recorded.backward(ofEmbeddings)].flat());
/** A product with its own gradient, because plain tfjs-core registers none. */
const multiply = (a: tf.Tensor2D, b: tf.Tensor2D) =>
  operation<tf.Tensor2D>(
    [a, b],
    () => ({ value: tf.mul(a, b), saved: [a, b] }),
    (dy, [savedA, savedB]) => [tf.mul(dy, savedB!), tf.mul(dy, savedA!)],
  );

describeOnBackends('recordEmbeddings', () => {
  let images: tf.Tensor2D;
  let kernel: tf.Variable<tf.Rank.R2>;
  let unused: tf.Variable;
  let memory: tf.MemoryInfo;
  const embed = () => multiply(multiply(images, kernel), kernel);

  beforeEach(() => {
    images = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    kernel = tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2]));
    unused = tf.variable(tf.tensor1d([1]));
    memory = tf.memory();
  });
  afterEach(() => {
    expect(tf.memory()).toMatchObject({
      numTensors: memory.numTensors,
      numDataBuffers: memory.numDataBuffers,
    });
    tf.dispose([images, kernel, unused]);
  });

  it('runs the backward pass later, while other gradients are computed between', async () => {
    const first = recordEmbeddings(embed, [kernel, unused]);
    const second = recordEmbeddings(embed, [kernel]);
    expect(values(first.embeddings)).toEqual([1, 8, 27, 64]);
    await Promise.resolve();
    const other = tf.grads((x: tf.Tensor) => multiply(x as tf.Tensor2D, images))([kernel], images);
    expect(values(other[0]!)).toEqual([1, 4, 9, 16]);
    tf.dispose(other);
    // d(x k²)/dk = 2 x k
    for (const [recorded, factor] of [
      [second, 10],
      [first, 1],
    ] as const) {
      const ofEmbeddings = tf.fill([2, 2], factor) as tf.Tensor2D;
      const gradients = allGradients(recorded, ofEmbeddings);
      expect([...gradients.keys()]).toEqual([kernel]);
      expect(values(gradients.get(kernel)!)).toEqual([2, 8, 18, 32].map((value) => factor * value));
      tf.dispose([ofEmbeddings, ...gradients.values()]);
      recorded.dispose();
    }
  });

  it('skips frozen variables, and frees everything without a backward pass', () => {
    kernel.trainable = false;
    const recorded = recordEmbeddings(embed, [kernel]);
    const ones = tf.ones([2, 2]) as tf.Tensor2D;
    expect(allGradients(recorded, ones).size).toBe(0);
    expect(() => recorded.backward(ones)).toThrow(ConfigError);
    recorded.dispose();
    recorded.dispose();
    ones.dispose();
    recordEmbeddings(embed, [kernel]).dispose();
  });

  it('keeps nothing when embed fails, and refuses to run inside another gradient function', () => {
    const failing = () => {
      embed();
      throw new Error('out of memory');
    };
    expect(() => recordEmbeddings(failing, [kernel])).toThrow('out of memory');
    const nested = () =>
      tf.variableGrads(() => recordEmbeddings(embed, [kernel]).embeddings as never, [kernel]);
    expect(nested).toThrow(ConfigError);
    // The tape works afterwards.
    const recorded = recordEmbeddings(embed, [kernel]);
    recorded.dispose();
  });
});
