import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { heapView } from './wasm-heap.ts';

describeOnBackends('heapView', (backend) => {
  it('is the memory of a tensor on wasm, and nothing elsewhere', () => {
    const tensor = tf.tensor2d([[1, 2, 3]]);
    const view = heapView(tensor);
    if (backend === 'wasm') {
      expect([...view!]).toEqual([1, 2, 3]);
      view![1] = 9;
      expect([...tensor.dataSync()]).toEqual([1, 9, 3]);
    } else {
      expect(view).toBeNull();
    }
    tensor.dispose();
  });
});

it('heapView brings a tensor over from another backend, also where the heap must grow for it', async () => {
  await tf.setBackend('cpu');
  const tensor = tf.fill([2 ** 24], 3);
  await tf.setBackend('wasm');
  const view = heapView(tensor);
  expect([view!.length, view![0], view!.at(-1)]).toEqual([2 ** 24, 3, 3]);
  tensor.dispose();
});
