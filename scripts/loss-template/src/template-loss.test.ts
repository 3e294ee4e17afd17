import { describeOnBackends, lossConformance } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { TemplateLoss, templateDescriptor } from './template-loss.ts';

lossConformance(templateDescriptor);

describeOnBackends('TemplateLoss', () => {
  it('matches its formula', () => {
    const loss = new TemplateLoss({ numClasses: 2, embeddingSize: 2, scale: 4, margin: 0.25 });
    loss.setState({ weight: tf.tensor2d([1, 0, 0, 1], [2, 2]) });
    // The cosines with the two classes are 0.6 and 0.8, the logits 4 · (0.6 − 0.25) = 1.4 and 4 · 0.8 = 3.2.
    const step = loss.forward(tf.tensor2d([[3, 4]]), tf.tensor1d([0], 'int32'));
    expect(step.loss.dataSync()[0]).toBeCloseTo(Math.log(1 + Math.exp(3.2 - 1.4)), 5);
    step.dispose();
    loss.dispose();
  });
});
