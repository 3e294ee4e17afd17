import { findPlanKernel, runPlanKernel, ShapeError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import { registerWasmKernels } from '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { createBackbone } from '../create-backbone.ts';
import { freezeStages } from '../freeze-stages.ts';
import { lresnetIR } from '../lresnet-ir.ts';
import type { NetworkBackbone } from '../network-backbone.ts';

const configs = [
  { backbone: 'lresnet-ir', blocks: [2, 1, 2], width: 8, inputSize: [21, 18], embeddingSize: 12 },
  { backbone: 'lresnet-ir', blocks: [1, 1], width: 5, inputSize: 9, embeddingSize: 7 },
  { backbone: 'mobile-facenet', width: 4, inputSize: 35, embeddingSize: 6 },
  { backbone: 'cifar-resnet', width: 4, inputSize: 11 },
  { backbone: 'cifar-resnet', depth: 50, width: 4, inputSize: 8, embeddingSize: 5 },
  { backbone: 'cifar-densenet', blocks: [2, 3], growthRate: 3, inputSize: 10, embeddingSize: 6 },
  { backbone: 'small-cnn', width: 3, inputSize: 13, embeddingSize: 4, checkpointing: true },
].map((config) => [`${config.backbone} of width ${config.width ?? config.growthRate}`, config] as const);

/** Gives all weights and running statistics values that no part of the network may ignore. */
function randomise(backbone: NetworkBackbone, seed: number): void {
  tf.tidy(() => {
    for (const [index, { name, variable }] of backbone.weights.entries()) {
      const random = (low: number, high: number) =>
        tf.randomUniform(variable.shape, low, high, 'float32', 1 + index + 1000 * seed);
      if (name.endsWith('running_mean')) variable.assign(random(-0.5, 0.5));
      else if (name.endsWith('running_var')) variable.assign(random(0.5, 2));
      else if (name.endsWith('.bias')) variable.assign(random(-0.5, 0.5));
      else if (variable.rank === 1 || name.endsWith('prelu.weight')) variable.assign(random(0.2, 1.5));
    }
  });
}

const imagesOf = (backbone: NetworkBackbone, batch: number) =>
  tf.randomUniform([batch, ...backbone.inputShape], -1, 1, 'float32', 7 + batch) as tf.Tensor4D;

/** Returns the largest difference of two batches of embeddings, in lengths of the longest embedding. */
async function largestDifference(a: tf.Tensor2D, b: tf.Tensor2D): Promise<number> {
  const [x, y] = [await a.data(), await b.data()];
  const size = a.shape[1];
  let [length, difference] = [0, 0];
  for (let row = 0; row < a.shape[0]; row++) {
    length = Math.max(length, Math.hypot(...x.subarray(row * size, (row + 1) * size)));
  }
  for (let index = 0; index < x.length; index++)
    difference = Math.max(difference, Math.abs(x[index]! - y[index]!));
  return difference / length;
}

async function expectEqualForms(backbone: NetworkBackbone, batch: number): Promise<void> {
  const images = imagesOf(backbone, batch);
  const [plain, fast] = [backbone.forward(images), backbone.forInference().forward(images)];
  expect(fast.shape).toEqual(plain.shape);
  expect(await largestDifference(plain, fast)).toBeLessThan(1e-5);
  tf.dispose([images, plain, fast]);
}

describeOnBackends('the form for inference', () => {
  it.each(configs)('of %s equals the network', async (_, config) => {
    const backbone = createBackbone(config);
    randomise(backbone, 1);
    for (const batch of [1, 2, 5]) await expectEqualForms(backbone, batch);
    backbone.dispose();
  });
});

const tiny = { blocks: [1, 1], width: 4, inputSize: 8, embeddingSize: 6 };

describeOnBackends('the form for inference', (backend) => {
  const make = (seed: number) => {
    const backbone = lresnetIR(tiny);
    randomise(backbone, seed);
    return backbone;
  };

  it('follows every change of the weights and running statistics', async () => {
    const [backbone, other] = [make(1), make(2)];
    await expectEqualForms(backbone, 2);
    const state = other.getState();
    backbone.setState(state);
    await expectEqualForms(backbone, 2);
    tf.dispose(state);
    // Moves nothing but running statistics.
    const images = imagesOf(backbone, 3);
    tf.dispose([images, backbone.forward(images, { training: true })]);
    await expectEqualForms(backbone, 2);
    for (const { variable } of backbone.weights) {
      tf.tidy(() => variable.assign(tf.add(variable, 0.1)));
      await expectEqualForms(backbone, 1);
    }
    backbone.dispose();
    other.dispose();
  });

  it('keeps its weights until release or dispose, and nothing else', () => {
    const before = tf.memory().numTensors;
    const backbone = make(1);
    const images = imagesOf(backbone, 2);
    const form = backbone.forInference();
    expect(backbone.forInference()).toBe(form);
    const withoutForm = tf.memory();
    form.forward(images).dispose();
    const withForm = tf.memory();
    expect(withForm.numTensors).toBeGreaterThan(withoutForm.numTensors);
    for (let call = 0; call < 3; call++) form.forward(images).dispose();
    expect(tf.memory()).toMatchObject({ numTensors: withForm.numTensors, numBytes: withForm.numBytes });
    tf.tidy(() => backbone.weights[0]!.variable.assign(tf.zerosLike(backbone.weights[0]!.variable)));
    tf.tidy(() => void form.forward(images));
    expect(tf.memory()).toMatchObject({ numTensors: withForm.numTensors, numBytes: withForm.numBytes });
    form.release();
    expect(tf.memory()).toMatchObject({
      numTensors: withoutForm.numTensors,
      numBytes: withoutForm.numBytes,
    });
    form.release();
    form.forward(images).dispose();
    backbone.dispose();
    images.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses what the network refuses', () => {
    const backbone = make(1);
    const form = backbone.forInference();
    expect(() => form.forward(tf.zeros([1, 8, 9, 3]))).toThrow(ShapeError);
    const images = imagesOf(backbone, 1);
    backbone.dispose();
    expect(() => form.forward(images)).toThrow(/lresnet-ir was disposed of/);
    expect(() => backbone.forInference()).toThrow(/lresnet-ir was disposed of/);
    images.dispose();
  });

  it('is that of the whole network if stages are frozen', async () => {
    const backbone = make(1);
    const frozen = freezeStages(backbone, 1);
    expect(frozen.forInference!()).toBe(backbone.forInference());
    frozen.dispose();
  });

  it.runIf(backend === 'wasm')('runs with and without the kernel for plans', async () => {
    const backbone = make(1);
    await expectEqualForms(backbone, 2);
    expect(findPlanKernel()).toBeDefined();
    tf.unregisterKernel(runPlanKernel, 'wasm');
    try {
      await expectEqualForms(backbone, 2);
    } finally {
      registerWasmKernels();
    }
    await expectEqualForms(backbone, 2);
    backbone.dispose();
  });
});
