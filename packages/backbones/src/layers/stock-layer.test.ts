import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { dropoutLayer } from './layers.ts';

describeOnBackends('withComputation', () => {
  const layer = dropoutLayer('dropout', 0.5, 0);
  const run = async (options: object) => {
    const y = tf.tidy(() => layer.apply(tf.ones([1, 200]), { ...options }) as tf.Tensor);
    const values = [...(await y.data())];
    y.dispose();
    return values;
  };

  it('draws a random seed for a training pass without one, as in model.fit of tfjs', async () => {
    const first = await run({ training: true });
    expect(first).toContain(0);
    expect(await run({ training: true })).not.toEqual(first);
  });

  it('uses the seed of a pass', async () => {
    for (const seed of [0, 7]) {
      expect(await run({ training: true, seed })).toEqual(await run({ training: true, seed }));
    }
    expect(await run({ training: true, seed: 0 })).not.toEqual(await run({ training: true, seed: 7 }));
  });

  it('runs in evaluation mode by default', async () => {
    expect(await run({})).toEqual(Array(200).fill(1));
  });
});
