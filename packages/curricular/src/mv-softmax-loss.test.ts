import { describeOnBackends, lossConformance } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { MvSoftmaxLoss, mvSoftmaxDescriptor } from './mv-softmax-loss.ts';

lossConformance(mvSoftmaxDescriptor);

describeOnBackends('MvSoftmaxLoss', () => {
  it('raises hard negatives as in eq. 8 and 9', () => {
    // Cosines with three classes: 0.6 (target), 0.8 and −0.6. With a margin of 0.1, only 0.8 exceeds 0.6 − 0.1.
    const weight = tf.tensor2d([1, 0, 0, 1, -1, 0], [3, 2]);
    for (const [emphasis, hard] of [
      ['adaptive', 1.2 * 0.8 + 0.2],
      ['fixed', 0.8 + 0.2],
    ] as const) {
      const loss = new MvSoftmaxLoss({ numClasses: 3, embeddingSize: 2, scale: 4, margin: 0.1, emphasis });
      loss.setState({ weight });
      const step = loss.forward(tf.tensor2d([[3, 4]]), tf.tensor1d([0], 'int32'));
      const logits = [4 * 0.5, 4 * hard, 4 * -0.6];
      const sum = logits.reduce((total, z) => total + Math.exp(z), 0);
      expect(step.loss.dataSync()[0]).toBeCloseTo(Math.log(sum) - logits[0]!, 5);
      step.dispose();
      loss.dispose();
    }
  });
});
