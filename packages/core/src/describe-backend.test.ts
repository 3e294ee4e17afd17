import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { cosineBankLossKernel } from './cosine-bank-loss.ts';
import { describeBackend, requireKernels, trainingKernels } from './describe-backend.ts';
import { MissingKernelError } from './errors.ts';
import { ClassWeightsLoss } from './index.ts';

class PlainLoss extends ClassWeightsLoss {
  constructor() {
    super('PlainLoss', { numClasses: 3, embeddingSize: 2 }, { criterion: 'bce' }, null);
  }
}

afterEach(() => tf.setBackend('cpu'));

describe('describeBackend', () => {
  it('tells that cpu has all that training needs, and nothing that makes it faster', async () => {
    await tf.setBackend('cpu');
    const { backend, threads, simd, relaxedSimd, missing, kernels } = describeBackend();
    expect({ backend, threads, simd, relaxedSimd, missing }).toEqual({
      backend: 'cpu',
      threads: 1,
      simd: false,
      relaxedSimd: false,
      missing: [],
    });
    expect(kernels).toContainEqual({ name: 'Conv2D', part: 'networks', required: true, present: true });
    const faster = kernels.filter(({ part }) => part === 'accelerating');
    expect(faster.map(({ present }) => present)).toEqual(trainingKernels.accelerating.map(() => false));
    expect(faster.every(({ required }) => !required)).toBe(true);
  });

  it('tells what stock wasm lacks, and does not know its threads', async () => {
    await tf.setBackend('wasm');
    const description = describeBackend();
    expect(description).toMatchObject({ backend: 'wasm', threads: null, simd: null });
    expect(description.missing).toEqual([
      'Conv2DBackpropFilter',
      'DepthwiseConv2dNativeBackpropFilter',
      'DepthwiseConv2dNativeBackpropInput',
      'UnsortedSegmentSum',
    ]);
  });

  it('asks the kernel of the loss how the backend computes', async () => {
    await tf.setBackend('cpu');
    const engine = { threads: 8, simd: true, relaxedSimd: false };
    const config = { kernelName: cosineBankLossKernel, backendName: 'cpu', kernelFunc: () => [] };
    tf.registerKernel({ ...config, describe: () => engine } as tf.KernelConfig);
    try {
      const description = describeBackend();
      expect(description).toMatchObject(engine);
      const own = description.kernels.find(({ name }) => name === cosineBankLossKernel);
      expect(own).toMatchObject({ present: true });
    } finally {
      tf.unregisterKernel(cosineBankLossKernel, 'cpu');
    }
  });
});

describe('requireKernels', () => {
  it('passes where the backend has them all', async () => {
    await tf.setBackend('cpu');
    requireKernels(trainingKernels.networks, 'A network');
  });

  it('names what is missing, who needs it and what adds it', async () => {
    await tf.setBackend('wasm');
    const check = () => requireKernels(trainingKernels.networks, 'LResNet18');
    expect(check).toThrow(MissingKernelError);
    expect(check).toThrow(
      /^LResNet18: the backend 'wasm' has no kernels 'Conv2DBackpropFilter', .*wasm-kernels/,
    );
    expect(() => requireKernels(['Conv2D', 'Abacus'], 'This')).toThrow(/has no kernel 'Abacus': /);
  });

  it('runs before a loss computes anything', async () => {
    await tf.setBackend('cpu');
    tf.registerBackend('bare', () => tf.findBackend('cpu'));
    const loss = new PlainLoss();
    const embeddings = tf.ones<tf.Rank.R2>([1, 2]);
    const labels = tf.tensor1d([0], 'int32');
    await tf.setBackend('bare');
    expect(() => loss.forward(embeddings, labels)).toThrow(
      /^PlainLoss: the backend 'bare' has no kernels 'BatchMatMul', /,
    );
  });
});
