import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { bceCriterion } from './bce-criterion.ts';
import { ClassWeightsLoss } from './class-weights-loss.ts';
import type { LearnedThreshold } from './contract.ts';
import { readThreshold } from './read-threshold.ts';

/** Reads its bias only after an asynchronous read, as on a backend without synchronous reads. */
class WaitingLoss extends ClassWeightsLoss {
  constructor() {
    super('WaitingLoss', { numClasses: 3, embeddingSize: 2 }, { criterion: bceCriterion }, () =>
      tf.tensor1d([16]),
    );
  }

  private waited = false;

  watch(): void {
    const bias = this.bias as tf.Variable;
    const { data } = bias;
    bias.data = ((): Promise<Float32Array> => {
      this.waited = true;
      return data.call(bias) as Promise<Float32Array>;
    }) as typeof data;
    (this.weight as tf.Variable).data = () => Promise.reject(new Error('a matrix is not to be read'));
  }

  override threshold(): LearnedThreshold | null {
    if (!this.waited) throw new Error('cannot be read synchronously');
    return { cosine: (this.bias as tf.Variable).dataSync()[0]! / 64, between: 'embedding and class' };
  }
}

describeOnBackends('readThreshold', () => {
  it('waits for the bias, and for nothing else', async () => {
    const loss = new WaitingLoss();
    loss.watch();
    expect(() => loss.threshold()).toThrow('synchronously');
    expect(await readThreshold(loss)).toEqual({ cosine: 0.25, between: 'embedding and class' });
    loss.dispose();
  });
});
