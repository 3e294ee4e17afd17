import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { cosineBankLossKernel } from './bank-loss-kernel.ts';
import { bceCriterion } from './bce-criterion.ts';
import { describeBackend, requireKernels } from './describe-backend.ts';
import { MissingKernelError } from './errors.ts';
import { ClassWeightsLoss } from './index.ts';
import { type KernelNeeds, lossKernels } from './kernel-needs.ts';

const convolutionKernels: KernelNeeds = {
  part: 'networks',
  required: ['Conv2D', 'Conv2DBackpropFilter', 'UnsortedSegmentSum'],
  accelerating: ['PreluGrad'],
};

class PlainLoss extends ClassWeightsLoss {
  constructor() {
    super('PlainLoss', { numClasses: 3, embeddingSize: 2 }, { criterion: bceCriterion }, null);
  }
}

afterEach(() => tf.setBackend('cpu'));

describe('describeBackend', () => {
  it('finds on cpu every required kernel and none that makes it faster', async () => {
    await tf.setBackend('cpu');
    const { backend, threads, simd, relaxedSimd, missing, kernels } = describeBackend([
      lossKernels,
      convolutionKernels,
    ]);
    expect({ backend, threads, simd, relaxedSimd, missing }).toEqual({
      backend: 'cpu',
      threads: 1,
      simd: false,
      relaxedSimd: false,
      missing: [],
    });
    expect(kernels).toContainEqual({ name: 'Conv2D', part: 'networks', required: true, present: true });
    const faster = kernels.filter(({ required }) => !required);
    expect(faster.map(({ name }) => name)).toEqual([...lossKernels.accelerating, 'PreluGrad']);
    expect(faster.every(({ present }) => !present)).toBe(true);
  });

  it('names what stock wasm lacks, and not its threads', async () => {
    await tf.setBackend('wasm');
    expect(describeBackend()).toMatchObject({ backend: 'wasm', threads: null, simd: null, missing: [] });
    const { missing } = describeBackend([lossKernels, convolutionKernels]);
    expect(missing).toEqual(['Conv2DBackpropFilter', 'UnsortedSegmentSum']);
  });

  it('reads how the backend computes from the kernel of the loss', async () => {
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
  it('passes if the backend has all kernels', async () => {
    await tf.setBackend('cpu');
    requireKernels(lossKernels.required, 'A loss');
  });

  it('names the missing kernels, who needs them and what adds them', async () => {
    await tf.setBackend('wasm');
    const check = () => requireKernels(convolutionKernels.required, 'LResNet18');
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
