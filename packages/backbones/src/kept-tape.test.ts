import { recordEmbeddings } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  type ReferenceNetwork,
  referenceBackbone,
  referenceImages,
  referenceNetworks,
  trainingPass,
  uniformNumbers,
} from './__fixtures__/reference-networks.ts';

const cases = referenceNetworks.flatMap((reference) =>
  [false, true].map((checkpointing) => [JSON.stringify(reference.config), checkpointing, reference] as const),
);

describeOnBackends('a backward pass of single steps over a kept tape', () => {
  it.each(cases)(
    'has the gradients of tfjs, bit for bit: %s, checkpointing %s',
    async (_, checkpointing, reference) => {
      const expected = await passOf(reference, checkpointing, trainingPass);
      const stepped = await passOf(reference, checkpointing, async (backbone, images) => {
        const embed = () => backbone.forward(images, { training: true });
        const recorded = recordEmbeddings(embed, backbone.trainable);
        const { size, shape } = recorded.embeddings;
        const upstream = tf.tensor(uniformNumbers(9001, size), shape) as tf.Tensor2D;
        const embeddings = await recorded.embeddings.data<'float32'>();
        const gradients: Record<string, Float32Array> = {};
        for (const final of recorded.backward(upstream)) {
          for (const [variable, gradient] of final) {
            const name = backbone.weights.find((weight) => weight.variable === variable)!.name;
            gradients[name] = (await gradient.data<'float32'>()).slice();
            gradient.dispose();
          }
          await Promise.resolve();
        }
        recorded.dispose();
        upstream.dispose();
        return { embeddings, gradients };
      });
      expect(stepped).toEqual(expected);
      expect(Object.keys(stepped.gradients).length).toBeGreaterThan(3);
    },
  );
});

/** Runs a pass on a new network and its images, and checks that it leaves no tensors. */
async function passOf(
  reference: ReferenceNetwork,
  checkpointing: boolean,
  pass: typeof trainingPass,
): ReturnType<typeof trainingPass> {
  const backbone = await referenceBackbone(reference, { checkpointing });
  const images = referenceImages(reference);
  const { numTensors } = tf.memory();
  const result = await pass(backbone, images);
  expect(tf.memory().numTensors).toBe(numTensors);
  images.dispose();
  backbone.dispose();
  return result;
}
