// @isolate: needs the wasm backend without training kernels.
import { readFileSync } from 'node:fs';
import { BceUnifiedLoss } from '@openset/bce-unified';
import { ConfigError, lossGradients, minimize, weightedSum } from '@openset/core';
import { CosFaceLoss, SoftmaxLoss } from '@openset/margin';
import { describeOnBackends } from '@openset/testkit/vitest';
import { Sgd } from '@openset/train';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { makeRegisteredLoss } from './__fixtures__/registered-loss.ts';
import { largestDifference, optimizers, trainLoss } from './__fixtures__/update-forms.ts';
import { losses } from './losses.ts';

const sizes = { numClasses: 7, embeddingSize: 6 };
const shape = { batch: 5, size: 6, numClasses: 7 };
const sgd = optimizers['SGD with momentum']!;

const makeLoss = (name: string) => makeRegisteredLoss(name, sizes);

/** Returns the losses of the table in docs/algebra.md, and whether each is updated in blocks. */
function readTable(): Map<string, boolean> {
  const text = readFileSync(new URL('../../../docs/algebra.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` \| (yes|no)[^|]*\|/gm)];
  return new Map(rows.map(([, name, word]) => [name as string, word === 'yes']));
}

describe('the table of losses that are updated in blocks', () => {
  it('lists every loss once', () => {
    expect([...readTable().keys()].sort()).toEqual(losses.map(({ name }) => name).sort());
  });
});

describeOnBackends('loss and update in one', () => {
  it.each(losses.map(({ name }) => name))('equals two steps, and holds where the table says: %s', (name) => {
    for (const optimizer of Object.values(optimizers)) {
      const each = { make: () => makeLoss(name), optimizer, ...shape };
      const [inOne, inTwo] = [trainLoss(each, true), trainLoss(each, false)];
      expect(largestDifference(inOne, inTwo)).toBeLessThan(1e-6);
      expect(inOne.updates > 0).toBe(readTable().get(name));
      expect(inTwo.updates).toBe(0);
      expect(inOne.leaked).toBe(0);
    }
  });

  it('holds for soft targets, smoothed labels and logits that are products', () => {
    const makers = [
      () => new BceUnifiedLoss({ ...sizes, normalized: false, labelSmoothing: 0.1 }),
      () =>
        new BceUnifiedLoss({ ...sizes, scale: 8, negativeSampleRate: 0.5, negativeSampling: 'independent' }),
    ];
    for (const make of makers) {
      const each = { make, optimizer: sgd, ...shape };
      const [inOne, inTwo] = [trainLoss(each, true), trainLoss(each, false)];
      expect(inOne.updates).toBe(3);
      expect(largestDifference(inOne, inTwo)).toBeLessThan(1e-6);
    }
  });

  it('does not hold for some of the classes, for softmax with a bias of each class, and for a frozen weight', () => {
    const frozen = () => {
      const loss = new BceUnifiedLoss(sizes);
      loss.weight.trainable = false;
      return loss;
    };
    const makers = [
      () => new CosFaceLoss({ ...sizes, negativeSampleRate: 0.8 }),
      () => new SoftmaxLoss({ ...sizes, bias: 'diverse' }),
      frozen,
    ];
    for (const make of makers) {
      const each = { make, optimizer: sgd, ...shape };
      const [inOne, inTwo] = [trainLoss(each, true), trainLoss(each, false)];
      expect(inOne.updates).toBe(0);
      expect(largestDifference(inOne, inTwo)).toBe(0);
    }
  });

  it('does not hold while weight decay pulls the weights towards an anchor', () => {
    const loss = new CosFaceLoss({ ...sizes, scale: 8 });
    const [anchored, free] = [sgd(), new Sgd({ learningRate: 0.1 })];
    anchored.anchor([loss.weight]);
    free.anchor([loss.weight]);
    expect(anchored.canUpdateBlocks(loss.weight)).toBe(false);
    expect(() => anchored.beginBlocks(loss.weight)).toThrow(ConfigError);
    // Without decay nothing is pulled.
    expect(free.canUpdateBlocks(loss.weight)).toBe(true);
    for (const each of [anchored, free, loss]) each.dispose();
  });

  it('trains class weights alone, with minimize', () => {
    const make = () => new CosFaceLoss({ ...sizes, scale: 8 });
    const embeddings = tf.randomNormal([5, 6], 0, 1, 'float32', 3) as tf.Tensor2D;
    const labels = tf.tensor1d([0, 1, 2, 3, 6], 'int32');
    const [inOne, inTwo] = [make(), make()];
    const [first, second] = [sgd(), sgd()];
    for (let step = 0; step < 3; step++) {
      const values = [minimize(first, inOne, () => embeddings, labels)];
      const { numTensors } = tf.memory();
      const { value, gradients, step: state } = lossGradients(inTwo, () => embeddings, labels);
      second.applyGradients([...gradients].map(([{ name }, tensor]) => ({ name, tensor })));
      state.dispose();
      expect(values[0]!.dataSync()[0]).toBeCloseTo(value.dataSync()[0]!, 5);
      tf.dispose([value, ...gradients.values()]);
      if (step > 0) expect(tf.memory().numTensors).toBe(numTensors);
      tf.dispose(values);
    }
    const [found, wanted] = [inOne, inTwo].map(({ weight }) => weight.dataSync<'float32'>());
    for (let index = 0; index < wanted!.length; index++)
      expect(found![index]).toBeCloseTo(wanted![index]!, 6);
    tf.dispose([embeddings, labels]);
    for (const each of [inOne, inTwo, first, second]) each.dispose();
  });

  it('takes the whole gradient of weights that a loss reads twice', () => {
    class Twice extends CosFaceLoss {
      protected override score(...parameters: Parameters<CosFaceLoss['score']>) {
        const [one, other] = [super.score(...parameters), super.score(...parameters)];
        return { ...one, loss: weightedSum([one.loss, other.loss], [1, 1]) };
      }
    }
    const each = { make: () => new Twice({ ...sizes, scale: 8 }), optimizer: sgd, ...shape };
    const [inOne, inTwo] = [trainLoss(each, true), trainLoss(each, false)];
    expect(inOne.updates).toBe(0);
    expect(largestDifference(inOne, inTwo)).toBe(0);
  });
});
