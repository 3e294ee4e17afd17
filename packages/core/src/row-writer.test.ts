import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { createConcatenatingWriter, createRowWriter } from './row-writer.ts';

/** 5 rows of 3 numbers, written in blocks of 2, 2 and 1. */
const rows = Array.from({ length: 5 }, (_, row) => [row, row + 0.25, -row]);

function writeInBlocks(create: typeof createRowWriter): { values: number[][]; shape: number[] } {
  return tf.tidy(() => {
    const writer = create(5, 3);
    for (const start of [0, 2, 4]) {
      tf.tidy(() => writer.write(start, tf.tensor2d(rows.slice(start, start + 2))));
    }
    const whole = writer.finish();
    return { values: whole.arraySync(), shape: whole.shape } as unknown as tf.TensorContainer;
  }) as unknown as { values: number[][]; shape: number[] };
}

describeOnBackends('createRowWriter', (backend) => {
  it('builds the tensor from its blocks, in place', () => {
    const { numTensors, numDataBuffers } = tf.memory();
    expect(writeInBlocks(createRowWriter)).toEqual({ values: rows, shape: [5, 3] });
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });

  it('builds the same tensor by concatenation, for backends whose memory cannot be reached', () => {
    const { numTensors, numDataBuffers } = tf.memory();
    expect(writeInBlocks(createConcatenatingWriter)).toEqual({ values: rows, shape: [5, 3] });
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });

  it('refuses to concatenate blocks that do not cover all rows', () => {
    tf.tidy(() => {
      const writer = createConcatenatingWriter(3, 1);
      writer.write(0, tf.tensor2d([[1], [2]]));
      expect(() => writer.finish()).toThrow('have shape [2, 1], expected [3, 1]');
    });
  });

  it.each([createRowWriter, createConcatenatingWriter])(
    'does not take ownership of its blocks: %o',
    (create) => {
      tf.tidy(() => {
        const block = tf.tensor2d([[1, 2]]);
        const writer = create(1, 2);
        writer.write(0, block);
        const whole = writer.finish();
        expect(block.isDisposed).toBe(false);
        block.dispose();
        expect([...whole.dataSync()]).toEqual([1, 2]);
      });
    },
  );

  it('keeps written rows while the heap grows', () => {
    tf.tidy(() => {
      const writer = createRowWriter(2, 2);
      writer.write(0, tf.tensor2d([[1, 2]]));
      tf.zeros([backend === 'wasm' ? 2 ** 25 : 1]);
      writer.write(1, tf.tensor2d([[3, 4]]));
      expect([...writer.finish().dataSync()]).toEqual([1, 2, 3, 4]);
    });
  });
});
