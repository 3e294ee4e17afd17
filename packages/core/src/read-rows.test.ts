import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { readRows } from './read-rows.ts';

const rows = Array.from({ length: 5 }, (_, row) => [row, row + 0.25, -row]);

describeOnBackends('readRows', (backend) => {
  it('copies some rows', () => {
    tf.tidy(() => {
      const tensor = tf.tensor2d(rows);
      const middle = readRows(tensor, 1, 3);
      expect(middle.shape).toEqual([3, 3]);
      expect(middle.arraySync()).toEqual(rows.slice(1, 4));
      expect(readRows(tensor, 4, 1).arraySync()).toEqual(rows.slice(4));
      expect(readRows(tensor, 0, 5).arraySync()).toEqual(rows);
    });
  });

  it('reads a tensor of another backend', async () => {
    const other = backend === 'cpu' ? 'wasm' : 'cpu';
    await tf.setBackend(other);
    const tensor = tf.tensor2d(rows);
    await tf.setBackend(backend);
    const some = readRows(tensor, 3, 2);
    expect(some.arraySync()).toEqual(rows.slice(3));
    tf.dispose([tensor, some]);
  });
});
