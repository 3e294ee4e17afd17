import { lossAndGradients } from '@openset/testkit';
import { describeOnBackends, lossConformance } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { ArcFaceLoss } from './arcface-loss.ts';
import { CombinedMarginLoss, combinedMarginDescriptor } from './combined-margin-loss.ts';
import { CosFaceLoss } from './cosface-loss.ts';

lossConformance(combinedMarginDescriptor);

describeOnBackends('CombinedMarginLoss', () => {
  const sizes = { numClasses: 5, embeddingSize: 3, scale: 16 };
  const embeddings = () => tf.tensor2d([1, 2, 3, -1, 0.5, 2], [2, 3]);
  const labels = () => tf.tensor1d([4, 1], 'int32');

  it('equals CosFace with only a cosine margin, and ArcFace with only an angular margin', async () => {
    const none = { angularMargin: 0, cosineMargin: 0 };
    const cosine = new CombinedMarginLoss({ ...sizes, ...none, cosineMargin: 0.4 });
    const angular = new CombinedMarginLoss({ ...sizes, ...none, angularMargin: 0.5 });
    for (const [combined, plain] of [
      [cosine, new CosFaceLoss({ ...sizes, margin: 0.4 })],
      [angular, new ArcFaceLoss({ ...sizes, margin: 0.5, branch: 'linear' })],
    ] as const) {
      const expected = await lossAndGradients(plain, embeddings(), labels());
      const actual = await lossAndGradients(combined, embeddings(), labels());
      expect(actual.loss).toBeCloseTo(expected.loss, 4);
      expect(
        Math.max(...actual.embeddings.map((value, i) => Math.abs(value - expected.embeddings[i]!))),
      ).toBeLessThan(1e-4);
    }
  });

  it('scores the target class by cos(m₁ θ + m₂) − m₃', () => {
    // The classes lie at 0° and 90°, the embedding at 0.2 radians: φ = cos(1.5 · 0.2 + 0.1) − 0.2.
    const loss = new CombinedMarginLoss({
      numClasses: 2,
      embeddingSize: 2,
      scale: 4,
      angleFactor: 1.5,
      angularMargin: 0.1,
      cosineMargin: 0.2,
    });
    loss.setState({ weight: tf.tensor2d([1, 0, 0, 1], [2, 2]) });
    const step = loss.forward(tf.tensor2d([[Math.cos(0.2), Math.sin(0.2)]]), tf.tensor1d([0], 'int32'));
    const phi = Math.cos(0.4) - 0.2;
    expect(step.loss.dataSync()[0]).toBeCloseTo(Math.log1p(Math.exp(4 * Math.sin(0.2) - 4 * phi)), 5);
    loss.dispose();
  });
});
