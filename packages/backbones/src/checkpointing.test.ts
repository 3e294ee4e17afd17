import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  referenceBackbone,
  referenceImages,
  referenceNetworks,
  trainingPass,
} from './__fixtures__/reference-networks.ts';
import { lresnetIR } from './lresnet-ir.ts';

const cases = referenceNetworks.map((reference) => [JSON.stringify(reference.config), reference] as const);

describeOnBackends('gradient checkpointing', () => {
  it.each(cases)('changes no bit of %s', async (_, reference) => {
    const options = reference.config.backbone === 'lresnet-ir' ? { dropout: 0.4 } : {};
    const results = [];
    for (const checkpointing of [false, true]) {
      const backbone = await referenceBackbone(reference, { ...options, checkpointing });
      const images = referenceImages(reference);
      const pass = await trainingPass(backbone, images, 11);
      // Running statistics must move once, not twice.
      const statistics = backbone.weights.filter(({ name }) => name.includes('running'));
      const moved = await Promise.all(statistics.map(({ variable }) => variable.data()));
      results.push({ ...pass, moved });
      images.dispose();
      backbone.dispose();
    }
    expect(results[1]).toEqual(results[0]);
  });

  it('keeps only the inputs of blocks', () => {
    const keptBuffers = (checkpointing: boolean) => {
      const backbone = lresnetIR({ blocks: [3, 3], width: 2, inputSize: 8, embeddingSize: 4, checkpointing });
      const images = tf.zeros([2, 8, 8, 3]) as tf.Tensor4D;
      let [before, kept] = [tf.memory().numDataBuffers, 0];
      const { grads } = tf.variableGrads(() => {
        before = tf.memory().numDataBuffers;
        const embeddings = tf.tidy(() => backbone.forward(images, { training: true }));
        kept = tf.memory().numDataBuffers - before;
        return tf.sum(embeddings) as tf.Scalar;
      });
      tf.dispose([grads, images]);
      backbone.dispose();
      return kept;
    };
    // The stem and 6 blocks leave 7 maps and the embeddings. Without checkpointing each layer leaves at least one tensor.
    expect(keptBuffers(true)).toBeLessThan(12);
    expect(keptBuffers(false)).toBeGreaterThan(50);
  });

  it('restores the tape if a gradient fails', () => {
    const backbone = lresnetIR({
      blocks: [1],
      width: 2,
      inputSize: 4,
      embeddingSize: 2,
      checkpointing: true,
    });
    const images = tf.zeros([2, 4, 4, 3]) as tf.Tensor4D;
    const name = tf.Conv2DBackpropInput;
    const kernel = tf.getKernel(name, tf.getBackend())!;
    const compute = () => tf.sum(backbone.forward(images, { training: true })) as tf.Scalar;
    tf.unregisterKernel(name, tf.getBackend());
    try {
      expect(() => tf.variableGrads(compute)).toThrow(/no kernel 'Conv2DBackpropInput'/);
    } finally {
      tf.registerKernel(kernel);
    }
    const { state } = tf.engine();
    expect(state.gradientDepth).toBe(0);
    for (const { saved } of state.activeTape) tf.dispose(saved);
    const { value, grads } = tf.variableGrads(compute);
    expect(Object.keys(grads)).toHaveLength(backbone.trainable.length);
    tf.dispose([value, grads, images]);
    backbone.dispose();
  });
});
