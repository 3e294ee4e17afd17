import { ConfigError } from '@openset/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import { referenceBackbone, referenceImages, referenceNetworks } from './__fixtures__/reference-networks.ts';
import { asBackbone } from './as-backbone.ts';
import { createBackbone } from './create-backbone.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it.each(referenceNetworks.map((reference) => [reference.config.backbone, reference] as const))(
  '%s is saved as a model of stock layers that computes the same embeddings',
  async (_, reference) => {
    const backbone = await referenceBackbone(reference);
    const images = referenceImages(reference);
    // One training pass moves the running statistics from their initial values.
    tf.dispose(backbone.forward(images, { training: true }));
    let artifacts: tf.io.ModelArtifacts | undefined;
    await backbone.model.save(
      tf.io.withSaveHandler(async (saved) => {
        artifacts = saved;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await loadLayersModel(tf.io.fromMemory(artifacts!));
    const plain = (layer: { getClassName(): string; call: unknown }) => Object.hasOwn(layer, 'call');
    expect(backbone.model.layers.some(plain)).toBe(true);
    expect(loaded.layers.some(plain)).toBe(false);
    expect(loaded.layers.map((layer) => layer.getClassName())).toEqual(
      backbone.model.layers.map((layer) => layer.getClassName()),
    );
    const expected = await backbone.forward(images).data();
    const found = await (loaded.predict(images) as tf.Tensor).data();
    expected.forEach((value, index) => {
      expect(found[index]).toBeCloseTo(value, 5);
    });
    // asBackbone wraps it.
    const adopted = asBackbone(loaded);
    expect([adopted.inputShape, adopted.embeddingSize]).toEqual([
      backbone.inputShape,
      backbone.embeddingSize,
    ]);
    expect(await adopted.forward(images).data()).toEqual(found);
    // It keeps the network's name, yet createBackbone refuses its configuration.
    const config = JSON.parse(JSON.stringify(adopted.getConfig()));
    expect(config.backbone).toBe(backbone.name);
    expect(() => createBackbone(config)).toThrow(ConfigError);
    expect(() => createBackbone(config)).toThrow(/Load the model and pass it to asBackbone/);
    adopted.dispose();
    backbone.dispose();
  },
);
