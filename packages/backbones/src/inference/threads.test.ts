// @isolate: changes the number of threads
import { findPlanKernel } from '@openset/core';
import { disableWasmTraining, enableWasmTraining } from '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, it } from 'vitest';
import { createBackbone } from '../create-backbone.ts';

afterAll(() => disableWasmTraining());

it('embeddings do not depend on the number of threads, nor on earlier passes', async () => {
  await enableWasmTraining({ threads: 3 });
  for (const config of [
    { backbone: 'lresnet-ir', blocks: [1, 2], width: 40, inputSize: 32, embeddingSize: 33 },
    { backbone: 'lresnet-ir', blocks: [1, 1], width: 72, inputSize: 48, embeddingSize: 8 },
    { backbone: 'mobile-facenet', width: 16, inputSize: 48, embeddingSize: 6 },
    { backbone: 'cifar-densenet', blocks: [2, 2], growthRate: 6, inputSize: 20 },
  ]) {
    const backbone = createBackbone(config);
    const form = backbone.forInference();
    const embed = (batch: number) => {
      const images = tf.randomUniform([batch, ...backbone.inputShape], -1, 1, 'float32', batch);
      const rows = form.forward(images as tf.Tensor4D);
      const values = [...rows.dataSync()];
      tf.dispose([images, rows]);
      return values;
    };
    expect(findPlanKernel()).toBeDefined();
    const onThree = [embed(1), embed(4)];
    await enableWasmTraining({ threads: 1 });
    expect([embed(1), embed(4)]).toEqual(onThree);
    expect(onThree.flat().every(Number.isFinite)).toBe(true);
    await enableWasmTraining({ threads: 3 });
    backbone.dispose();
  }
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  const backbone = createBackbone({ backbone: 'small-cnn' });
  const images = tf.zeros([8, ...backbone.inputShape]) as tf.Tensor4D;
  backbone.forInference().forward(images).dispose();
  const heap = wasm.HEAPU8.byteLength;
  for (let call = 0; call < 50; call++) backbone.forInference().forward(images).dispose();
  expect(wasm.HEAPU8.byteLength).toBe(heap);
  backbone.dispose();
  images.dispose();
});
