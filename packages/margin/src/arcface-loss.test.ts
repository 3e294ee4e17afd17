import { lossAndGradients, plainBankLoss, plainTargetCosines } from '@openset/testkit';
import { describeOnBackends, lossConformance, lossFixtures } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { ArcFaceLoss, arcFaceDescriptor } from './arcface-loss.ts';

lossConformance(arcFaceDescriptor, {
  fixtures: lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url)),
  // c − sg(c) + sg(cos(θ + m)) shifts the cosine by a constant.
  surrogate: (loss, start, labels) => {
    const bank = loss.trainable[0] as tf.Tensor2D;
    const cosine = plainTargetCosines(start, labels, bank);
    const shift = tf.sub(tf.cos(tf.add(tf.acos(cosine), 0.4)), cosine) as tf.Tensor1D;
    return (embeddings) =>
      plainBankLoss({ embeddings, labels, bank, shift, criterion: 'softmax', scale: 16 });
  },
});

describeOnBackends('ArcFaceLoss', () => {
  const options = { numClasses: 2, embeddingSize: 2, scale: 4, margin: 0.5 };

  async function evaluate(angle: number, extra: Partial<ConstructorParameters<typeof ArcFaceLoss>[0]>) {
    const loss = new ArcFaceLoss({ ...options, ...extra });
    loss.setState({ weight: tf.tensor2d([1, 0, 0, 1], [2, 2]) });
    const embeddings = tf.tensor2d([[Math.cos(angle), Math.sin(angle)]]);
    const result = await lossAndGradients(loss, embeddings, tf.tensor1d([0], 'int32'));
    loss.dispose();
    return result;
  }

  // The classes lie at 0° and 90°. An embedding at `angle` has the logits 4·φ and 4·sin(angle): the loss is the softplus of
  // their difference.
  const expected = (phi: number, angle: number) => Math.log1p(Math.exp(4 * Math.sin(angle) - 4 * phi));

  it('adds the margin to the angle', async () => {
    expect((await evaluate(0.3, {})).loss).toBeCloseTo(expected(Math.cos(0.8), 0.3), 5);
  });

  it.each([
    ['easy', Math.cos(2.9)],
    ['linear', Math.cos(2.9) - 0.5 * Math.sin(0.5)],
    ['none', Math.cos(3.4)],
  ] as const)("applies the branch '%s' beyond θ + m = π", async (branch, phi) => {
    expect((await evaluate(2.9, { branch })).loss).toBeCloseTo(expected(phi, 2.9), 5);
  });

  it('detaches the gradient without a change of the loss', async () => {
    const exact = await evaluate(0.3, { branch: 'none' });
    const detached = await evaluate(0.3, { branch: 'none', gradient: 'detached' });
    expect(detached.loss).toBe(exact.loss);
    expect(detached.embeddings).not.toEqual(exact.embeddings);
  });

  it('rejects margins beyond π, and unknown branches', () => {
    expect(() => new ArcFaceLoss({ ...options, margin: 3.5 })).toThrow(/angular margin/);
    expect(() => new ArcFaceLoss({ ...options, branch: 'hard' as 'easy' })).toThrow(
      /'easy', 'linear', 'continuous', 'none'/,
    );
  });
});
