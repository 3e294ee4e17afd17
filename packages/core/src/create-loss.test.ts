import { numericState } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { ClassWeightsLoss } from './class-weights-loss.ts';
import { CombinedLoss, combinedLossDescriptor } from './combined-loss.ts';
import type { OpenSetLoss } from './contract.ts';
import { createLoss } from './create-loss.ts';
import { ConfigError } from './errors.ts';
import { describeLoss } from './loss-descriptor.ts';
import { resolveLossOptions } from './resolve-loss-options.ts';
import { bankLossOptions, scaleOption } from './shared-loss-options.ts';
import { softmaxCriterion } from './softmax-criterion.ts';
import type { BankLossOptions } from './stateful-loss.ts';

type SmallOptions = BankLossOptions & { readonly scale?: number };

const smallDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'SmallLoss',
  package: 'here',
  summary: 'softmax over class weights',
  use: 'in this test',
  source: 'this test',
  threshold: null,
  hasClassWeights: true,
  words: {},
  options: { scale: scaleOption, ...bankLossOptions },
  create: (options: SmallOptions): OpenSetLoss => new SmallLoss(options),
  conformance: [],
}));

class SmallLoss extends ClassWeightsLoss {
  constructor(options: SmallOptions) {
    const { scale } = resolveLossOptions(smallDescriptor, options);
    super('SmallLoss', options, { criterion: softmaxCriterion, scale }, null);
  }
}

const descriptors = [smallDescriptor, combinedLossDescriptor];
const sizes = { numClasses: 3, embeddingSize: 2 };

describeOnBackends('createLoss', () => {
  it('builds an equal loss from the configuration of a combined loss', async () => {
    const loss = new CombinedLoss(
      {
        first: { loss: new SmallLoss({ ...sizes, seed: 4 }), weight: 0.5, endEpoch: 3 },
        second: new SmallLoss({ ...sizes, scale: 8, seed: 5 }),
      },
      { combination: 'mean' },
    );
    const config = JSON.parse(JSON.stringify(loss.getConfig()));
    const copy = createLoss(config, descriptors);
    expect(copy).toBeInstanceOf(CombinedLoss);
    expect(copy.getConfig()).toEqual(config);
    expect(await numericState(copy)).toEqual(await numericState(loss));
    loss.dispose();
    copy.dispose();
  });

  it('builds losses with equal JSON from options in any order', () => {
    const texts = [
      { scale: 4, ...sizes },
      { ...sizes, scale: 4 },
    ].map((options) => {
      const loss = createLoss({ loss: 'SmallLoss', ...options }, descriptors);
      const text = JSON.stringify(loss.getConfig());
      loss.dispose();
      return text;
    });
    expect(texts[1]).toBe(texts[0]);
  });

  it('passes sizes to all losses that have them as options', () => {
    const parts = { a: { loss: 'SmallLoss' }, b: { loss: { loss: 'SmallLoss', numClasses: 9 }, weight: 2 } };
    const loss = createLoss({ loss: 'CombinedLoss', parts }, descriptors, { ...sizes, seed: 7 });
    expect(loss.trainable.map(({ shape }) => shape)).toEqual([
      [3, 2],
      [3, 2],
    ]);
    loss.dispose();
  });

  it.each([
    [{ loss: 'SmalLoss' }, /no descriptor for the loss 'SmalLoss'\. Did you mean 'SmallLoss'\?/],
    [{ loss: 'SmallLoss', sclae: 3 }, /SmallLoss has no option 'sclae'\. Did you mean 'scale'\?/],
    [{ loss: 'CombinedLoss' }, /CombinedLoss: parts is missing/],
    [{ loss: 'CombinedLoss', parts: {} }, /at least one part/],
    [
      { loss: 'CombinedLoss', parts: { a: { loss: 'SmallLoss' }, b: { loss: 'OtherLoss' } } },
      /no descriptor for the loss 'OtherLoss'/,
    ],
    [
      { loss: 'CombinedLoss', parts: { a: { loss: { loss: 'SmallLoss' }, wieght: 2 } } },
      /part 'a' has no option 'wieght'\. Did you mean 'weight'\?/,
    ],
    [{ loss: 'CombinedLoss', parts: { a: { weight: 2 } } }, /The part 'a' has no loss/],
  ])('rejects %j, and leaks no tensor', (config, message) => {
    const before = tf.memory().numTensors;
    const attempt = () => createLoss(config as never, descriptors, sizes);
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('rejects a descriptor that creates another class', () => {
    const before = tf.memory().numTensors;
    const wrong = { ...smallDescriptor, name: 'LargeLoss', create: smallDescriptor.create };
    expect(() => createLoss({ loss: 'LargeLoss' }, [wrong], sizes)).toThrow(
      /descriptor of 'LargeLoss' creates a loss named 'SmallLoss'/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});
