import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Batch, toTensors } from './batch.ts';
import { BatchBuffers } from './batch-buffers.ts';

const batch: Batch = {
  images: Float32Array.of(1, 2, 3, 4),
  shape: [2, 1, 2, 1],
  labels: Int32Array.of(2, 0),
  indices: Int32Array.of(7, 8),
  epoch: 0,
  index: 0,
  numClasses: 3,
};

describe('toTensors', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it('returns NHWC images and int32 labels', () => {
    const { images, labels } = toTensors(batch);
    expect([images.shape, images.dtype, [...images.dataSync()]]).toEqual([
      [2, 1, 2, 1],
      'float32',
      [1, 2, 3, 4],
    ]);
    expect([labels.shape, labels.dtype, [...labels.dataSync()]]).toEqual([[2], 'int32', [2, 0]]);
    tf.dispose([images, labels]);
  });

  it('returns soft targets for mixed batches', () => {
    const mixed = { partners: Int32Array.of(1, 0), share: 0.75 };
    const { images, labels } = toTensors({ ...batch, mixed }, { numClasses: 4 });
    expect([labels.shape, labels.dtype]).toEqual([[2, 4], 'float32']);
    expect([...labels.dataSync()]).toEqual([0.25, 0, 0.75, 0, 0.75, 0, 0.25, 0]);
    tf.dispose([images, labels]);
  });
});

describe('BatchBuffers', () => {
  it('reuses a released buffer once', () => {
    const buffers = new BatchBuffers();
    const first = buffers.acquire(4);
    buffers.markDelivered(first.subarray(0, 2));
    buffers.release(first.subarray(0, 2), 2);
    buffers.release(first, 2);
    expect(buffers.acquire(4).buffer).toBe(first.buffer);
    expect(buffers.acquire(4).buffer).not.toBe(first.buffer);
  });

  it('rejects foreign buffers and keeps no more than the limit', () => {
    const buffers = new BatchBuffers();
    const foreign = new Float32Array(4);
    buffers.release(foreign, 2);
    expect(buffers.acquire(4)).not.toBe(foreign);
    const two = [new Float32Array(4), new Float32Array(4)] as const;
    for (const one of two) {
      buffers.markDelivered(one);
      buffers.release(one, 1);
    }
    expect(buffers.acquire(4).buffer).toBe(two[1].buffer);
    expect(two.map(({ buffer }) => buffer)).not.toContain(buffers.acquire(4).buffer);
  });
});
