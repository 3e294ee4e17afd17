import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { AdamW } from './adamw.ts';
import { Sgd } from './sgd.ts';

interface KernelCall {
  readonly inputs: Readonly<Record<string, number[]>>;
  readonly attrs: unknown;
}

interface CpuBackend {
  data: { get(dataId: object): { values: Float32Array } };
  incRef(dataId: object): void;
}

/** Registers a kernel that adds 1 to each input named in `results`, in place, and returns them. */
function registerFake(kernelName: string, results: readonly string[]): KernelCall[] {
  const calls: KernelCall[] = [];
  tf.registerKernel({
    kernelName,
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const cpu = backend as unknown as CpuBackend;
      const read = ([name, { dataId }]: [string, tf.TensorInfo]) => [name, [...cpu.data.get(dataId).values]];
      calls.push({
        inputs: Object.fromEntries(Object.entries(inputs as tf.NamedTensorInfoMap).map(read as never)),
        attrs,
      });
      return results.map((name) => {
        const { dataId, shape, dtype } = (inputs as tf.NamedTensorInfoMap)[name] as tf.TensorInfo;
        const { values } = cpu.data.get(dataId);
        values.forEach((value, index) => {
          values[index] = value + 1;
        });
        cpu.incRef(dataId);
        return { dataId, shape, dtype };
      });
    },
  });
  return calls;
}

const kernels = ['SgdStep', 'AdamWStep'];

beforeAll(async () => {
  await tf.setBackend('cpu');
});
afterEach(() => {
  for (const name of kernels) if (tf.getKernel(name, 'cpu')) tf.unregisterKernel(name, 'cpu');
});

it('uses the kernel SgdStep of the backend, which may reuse the memory of gradient and velocity', () => {
  const calls = registerFake('SgdStep', ['gradient', 'velocity']);
  const variable = tf.variable(tf.tensor1d([5])) as tf.Variable;
  const optimizer = new Sgd({ learningRate: 0.5, momentum: 0.9, weightDecay: 0.25, nesterov: true });
  const before = tf.memory().numTensors;
  for (const value of [1, 2]) {
    const gradient = tf.tensor1d([value]);
    optimizer.applyGradients({ [variable.name]: gradient });
    gradient.dispose();
  }
  const attrs = { learningRate: 0.5, momentum: 0.9, weightDecay: 0.25, nesterov: true };
  // The fake: the parameter becomes gradient + 1, the velocity velocity + 1.
  expect(calls).toEqual([
    { inputs: { parameter: [5], gradient: [1], velocity: [0] }, attrs },
    { inputs: { parameter: [2], gradient: [2], velocity: [1] }, attrs },
  ]);
  expect([...variable.dataSync()]).toEqual([3]);
  expect(tf.memory().numTensors).toBe(before + 1);
  optimizer.dispose();
  variable.dispose();
});

it('uses the kernel AdamWStep of the backend', () => {
  const calls = registerFake('AdamWStep', ['gradient', 'firstMoment', 'secondMoment']);
  const variable = tf.variable(tf.tensor1d([5])) as tf.Variable;
  const optimizer = new AdamW({ learningRate: 0.5, excludeFromWeightDecay: () => true });
  for (const value of [1, 2]) {
    const gradient = tf.tensor1d([value]);
    optimizer.applyGradients({ [variable.name]: gradient });
    gradient.dispose();
  }
  const attrs = { learningRate: 0.5, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
  expect(calls).toEqual([
    {
      inputs: { parameter: [5], gradient: [1], firstMoment: [0], secondMoment: [0] },
      attrs: { ...attrs, step: 1 },
    },
    {
      inputs: { parameter: [2], gradient: [2], firstMoment: [1], secondMoment: [1] },
      attrs: { ...attrs, step: 2 },
    },
  ]);
  optimizer.dispose();
  variable.dispose();
});
