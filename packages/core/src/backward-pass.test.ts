// @isolate: it registers the kernels of @openset/wasm-kernels, which other tests of this package must not have.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '@openset/wasm-kernels';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MissingKernelError } from './errors.ts';
import { recordEmbeddings } from './record-embeddings.ts';
import { operation } from './tape.ts';

const values = (tensor: tf.Tensor) => [...tensor.dataSync()];

describeOnBackends('the backward pass', () => {
  let images: tf.Tensor4D;
  let [kernel, slope, weights, bias, unused]: tf.Variable[] = [];
  let ofEmbeddings: tf.Tensor2D;
  let memory: tf.MemoryInfo;
  /** Reads most variables more than once, and one of its operations has two results. */
  const embed = () => {
    const convolved = tf.conv2d(images, kernel as tf.Variable<tf.Rank.R4>, 1, 'same');
    const active = tf.prelu(tf.add(convolved, images), slope as tf.Tensor);
    const again = tf.conv2d(
      tf.mul(active, active) as tf.Tensor4D,
      kernel as tf.Variable<tf.Rank.R4>,
      1,
      'same',
    );
    const [first, second] = tf.split(tf.reshape(again, [3, 32]), 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    const product = tf.matMul(tf.add(first, second) as tf.Tensor2D, weights as tf.Variable<tf.Rank.R2>);
    return tf.add(tf.add(product, bias!), bias!) as tf.Tensor2D;
  };
  const variables = () => [bias, unused, kernel, weights, slope] as tf.Variable[];

  beforeEach(() => {
    images = tf.randomNormal([3, 4, 4, 2], 0, 1, 'float32', 1);
    kernel = tf.variable(tf.randomNormal([3, 3, 2, 2], 0, 1, 'float32', 2));
    slope = tf.variable(tf.tensor1d([0.25, -0.5]));
    weights = tf.variable(tf.randomNormal([16, 5], 0, 1, 'float32', 3));
    bias = tf.variable(tf.randomNormal([5], 0, 1, 'float32', 4));
    unused = tf.variable(tf.scalar(1));
    ofEmbeddings = tf.randomNormal([3, 5], 0, 1, 'float32', 5);
    memory = tf.memory();
  });
  afterEach(() => {
    const { numTensors, numDataBuffers } = memory;
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    tf.dispose([images, ofEmbeddings, ...variables()]);
  });

  it('equals that of tfjs bit for bit', () => {
    const expected = tf.variableGrads(
      () => tf.sum(tf.mul(embed(), ofEmbeddings)) as tf.Scalar,
      variables().filter((variable) => variable !== unused),
    );
    const recorded = recordEmbeddings(embed, variables());
    const gradients = new Map([...recorded.backward(ofEmbeddings)].flat());
    recorded.dispose();
    expect(new Set(gradients.keys())).toEqual(new Set([bias, kernel, weights, slope]));
    for (const [{ name, shape }, gradient] of gradients) {
      expect(gradient.shape).toEqual(shape);
      expect(values(gradient)).toEqual(values(expected.grads[name]!));
    }
    tf.dispose([expected.value, ...Object.values(expected.grads), ...gradients.values()]);
  });

  it('gives gradients as soon as they are final: those of the last layers first', () => {
    const recorded = recordEmbeddings(embed, variables());
    const order: tf.Variable[] = [];
    let [steps, lastStep] = [0, 0];
    for (const final of recorded.backward(ofEmbeddings)) {
      steps++;
      if (order.length === 0 && final.length > 0) lastStep = steps;
      for (const [variable, gradient] of final) {
        order.push(variable);
        gradient.dispose();
      }
    }
    recorded.dispose();
    expect(order).toEqual([bias, weights, slope, kernel]);
    expect(lastStep).toBeLessThan(steps / 2);
  });

  it('lets other gradients be computed between its steps', () => {
    const alone = recordEmbeddings(embed, variables());
    const expected = new Map([...alone.backward(ofEmbeddings)].flat());
    const [first, second] = [recordEmbeddings(embed, variables()), recordEmbeddings(embed, variables())];
    const [one, other] = [first.backward(ofEmbeddings), second.backward(ofEmbeddings)];
    for (let isDone = false; !isDone; ) {
      const results = [one.next(), other.next()];
      isDone = results.every(({ done }) => done === true);
      for (const { value } of results)
        for (const [variable, gradient] of value ?? []) {
          expect(values(gradient)).toEqual(values(expected.get(variable)!));
          gradient.dispose();
        }
    }
    for (const recorded of [alone, first, second]) recorded.dispose();
    tf.dispose([...expected.values()]);
  });

  it('frees everything when it ends early, fails, or never starts', () => {
    const left = recordEmbeddings(embed, variables());
    for (const final of left.backward(ofEmbeddings)) {
      for (const [, gradient] of final) gradient.dispose();
      if (final.length > 0) break;
    }
    left.dispose();
    const unstarted = recordEmbeddings(embed, variables());
    unstarted.backward(ofEmbeddings);
    unstarted.dispose();
    const wrong = (compute: () => tf.Tensor) =>
      recordEmbeddings(
        () =>
          operation(
            [embed()],
            () => ({ value: tf.zeros([3, 5]) as tf.Tensor2D }),
            () => [compute()],
          ),
        variables(),
      );
    const failed = wrong(() => {
      throw new Error("Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'");
    });
    expect(() => [...failed.backward(ofEmbeddings)]).toThrow(MissingKernelError);
    failed.dispose();
    const misshaped = wrong(() => tf.zeros([2, 5]));
    expect(() => [...misshaped.backward(ofEmbeddings)]).toThrow(
      'its shape is [2,5], but that of its input is [3,5]',
    );
    misshaped.dispose();
  });

  it('takes an output that is a variable, and one tensor as the gradient of two variables', () => {
    const output = weights as tf.Variable<tf.Rank.R2>;
    const alone = recordEmbeddings(() => output, [output]);
    const upstream = tf.ones([16, 5]) as tf.Tensor2D;
    const [[variable, gradient]] = [...alone.backward(upstream)].flat() as [[tf.Variable, tf.Tensor]];
    expect(variable).toBe(output);
    expect(values(gradient)).toEqual(values(upstream));
    const other = tf.tidy(() => tf.variable(tf.ones([16, 5])));
    const sum = recordEmbeddings(
      () =>
        operation<tf.Tensor2D>(
          [output, other],
          () => ({ value: tf.add(output, other) }),
          (dy) => [dy, dy],
        ),
      [output, other],
    );
    const gradients = [...sum.backward(upstream)].flat();
    expect(gradients.map(([each]) => each)).toEqual([output, other]);
    for (const [, each] of gradients) {
      expect(values(each)).toEqual(values(upstream));
      each.dispose();
    }
    sum.dispose();
    tf.dispose([upstream, gradient, other]);
  });
});
