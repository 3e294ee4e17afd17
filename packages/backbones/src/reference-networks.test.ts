import { relativeError } from '@openset/testkit';
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

const cases = referenceNetworks.map((reference) => [JSON.stringify(reference.config), reference] as const);

describeOnBackends('networks agree with PyTorch', () => {
  it.each(cases)('%s', async (_, reference) => {
    const backbone = await referenceBackbone(reference);
    const images = referenceImages(reference);
    const evaluated = backbone.forward(images);
    expect(evaluated.shape).toEqual([images.shape[0], backbone.embeddingSize]);
    expect(relativeError(await evaluated.data(), reference.evaluation)).toBeLessThan(1e-5);
    evaluated.dispose();

    const { embeddings, gradients } = await trainingPass(backbone, images);
    // Batch norms over few values magnify earlier rounding.
    expect(relativeError(embeddings, reference.training)).toBeLessThan(1e-3);
    expect(Object.keys(gradients).sort()).toEqual(Object.keys(reference.gradientNorms).sort());
    // Some norms are 0 in exact arithmetic: the next batch norm cancels the effect of a bias.
    const whole = Math.hypot(...Object.values(reference.gradientNorms));
    for (const [name, expected] of Object.entries(reference.gradientNorms)) {
      const norm = Math.hypot(...gradients[name]!);
      expect(Math.abs(norm - expected) / Math.max(expected, 1e-3 * whole), name).toBeLessThan(1e-3);
    }
    const state = backbone.getState();
    for (const [name, expected] of Object.entries(reference.runningAfter)) {
      const sum = (await state[name]!.data<'float32'>()).reduce((total, value) => total + value, 0);
      expect(sum, name).toBeCloseTo(expected, 4);
    }
    tf.dispose([state, images]);
    backbone.dispose();
  });
});
