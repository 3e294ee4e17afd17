import { lossAndGradients, relativeError } from '@openset/testkit';
import { describeOnBackends, lossConformance, lossFixtures } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { CosFaceLoss } from './cosface-loss.ts';
import { SoftmaxLoss, softmaxDescriptor } from './softmax-loss.ts';

lossConformance(softmaxDescriptor);

const cases = lossFixtures(new URL('./__fixtures__/losses.json', import.meta.url));

describeOnBackends('SoftmaxLoss', () => {
  it('equals CosFace with margin 0: reproduces its reference values', async () => {
    const withoutMargin = cases.filter(({ config }) => config.margin === 0);
    expect(withoutMargin).toHaveLength(2);
    for (const { numClasses, embeddingSize, batch, config, ...fixture } of withoutMargin) {
      const loss = new SoftmaxLoss({ numClasses, embeddingSize, scale: config.scale as number });
      loss.setState({ weight: tf.tensor2d([...fixture.weight!], [numClasses, embeddingSize]) });
      const embeddings = tf.tensor2d([...fixture.embeddings], [batch, embeddingSize]);
      const result = await lossAndGradients(loss, embeddings, tf.tensor1d([...fixture.labels], 'int32'));
      expect(relativeError([result.loss], [fixture.expectedLoss])).toBeLessThan(1e-5);
      expect(relativeError(result.trainable[0]!, fixture.gradWeight!)).toBeLessThan(1e-5);
      loss.dispose();
    }
  });

  it('accepts soft targets: an even mix of two labels costs the mean of their losses', () => {
    const loss = new SoftmaxLoss({ numClasses: 3, embeddingSize: 4, scale: 16 });
    const embeddings = tf.tensor2d([[0.3, -1, 2, 0.1]]);
    const value = (labels: tf.Tensor1D | tf.Tensor2D) => loss.forward(embeddings, labels).loss.dataSync()[0]!;
    const hard = [0, 2].map((label) => value(tf.tensor1d([label], 'int32')));
    expect(value(tf.tensor2d([[0.5, 0, 0.5]]))).toBeCloseTo((hard[0]! + hard[1]!) / 2, 5);
    loss.dispose();
  });

  it('initialises weights with variance 1 / embeddingSize, reproducibly for each seed', async () => {
    const make = (seed: number) =>
      new CosFaceLoss({ numClasses: 200, embeddingSize: 64, seed }).weight.dataSync<'float32'>();
    const weights = make(3);
    const variance = weights.reduce((sum, value) => sum + value * value, 0) / weights.length;
    expect(variance * 64).toBeGreaterThan(0.95);
    expect(variance * 64).toBeLessThan(1.05);
    expect(make(3)).toEqual(weights);
    expect(make(4)).not.toEqual(weights);
  });
});
