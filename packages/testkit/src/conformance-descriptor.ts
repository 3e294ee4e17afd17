import {
  ConfigError,
  createLoss,
  isLossDescriptor,
  type LossDescriptor,
  type OptionDescriptor,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  caseOptions,
  makeConformanceLoss,
  nestedPlainLosses,
  plainClassDescriptor,
} from './conformance-cases.ts';
import { makeBatch, standardSizes, warmLoss } from './conformance-setup.ts';
import { lossAndGradients, numericState } from './evaluate-loss.ts';

const labels = [3, 0, 6, 3, 1];

/** Registers the tests that a class behaves as its descriptor says. */
export function descriptorTests(descriptor: LossDescriptor): void {
  const { name, options, words } = descriptor;
  const known = [descriptor, plainClassDescriptor];
  const make = (given: object) => makeConformanceLoss(descriptor, { options: { ...given } }, standardSizes);

  it('is complete', () => {
    expect(isLossDescriptor(descriptor)).toBe(true);
    const loss = make(descriptor.conformance[0]?.options ?? {});
    expect(loss.name).toBe(name);
    loss.dispose();
    const texts = Object.entries(options).map(([key, option]) => [key, option.description] as const);
    for (const [key, text] of [['summary', descriptor.summary] as const, ...texts]) {
      expect(text, key).toMatch(/^\S.*[^.\s]$/);
    }
  });

  it.each(descriptor.conformance.map((one) => [one.name ?? 'plain', one] as const))(
    'builds an equal loss from its configuration (%s)',
    async (_, one) => {
      const { context } = caseOptions(one);
      const loss = makeConformanceLoss(descriptor, one, { ...standardSizes, seed: 5 });
      const copy = createLoss(loss.getConfig(), known);
      expect(copy.getConfig()).toEqual(loss.getConfig());
      expect(await numericState(copy)).toEqual(await numericState(loss));
      const { embeddings, labels: own } = makeBatch(labels, standardSizes.embeddingSize, 3);
      const expected = await lossAndGradients(loss, embeddings, own, { context, commit: true });
      expect(await lossAndGradients(copy, embeddings, own, { context, commit: true })).toEqual(expected);
      loss.dispose();
      copy.dispose();
      tf.dispose([embeddings, own]);
    },
  );

  it('states the defaults of the class', async () => {
    const [one] = descriptor.conformance;
    if (!one) return;
    const { context } = caseOptions(one);
    const defaults = Object.entries(options).flatMap(([key, option]) =>
      'default' in option ? [[key, option.default] as const] : [],
    );
    const explicit = { ...Object.fromEntries(defaults), ...one.options };
    const { embeddings, labels: own } = makeBatch(labels, standardSizes.embeddingSize, 3);
    const results = [];
    for (const given of [one.options, explicit]) {
      const loss = warmLoss(() => make(given), standardSizes, context);
      results.push(await lossAndGradients(loss, embeddings, own, { context }));
      loss.dispose();
    }
    expect(results[1]).toEqual(results[0]);
    tf.dispose([embeddings, own]);
  });

  it.each(Object.entries(words))('offers the word %s with valid options', (_, word) => {
    for (const identities of [2, 100, 100_000])
      make({ ...word.options(identities), ...nestedPlainLosses(descriptor) }).dispose();
  });

  describe('rejects', () => {
    const expectRejection = (given: object, text: string | RegExp) => {
      const before = tf.memory().numTensors;
      expect(() => make(given)).toThrow(ConfigError);
      expect(() => make(given)).toThrow(text);
      expect(tf.memory().numTensors).toBe(before);
    };

    it('an unknown option, and names the nearest one', () => {
      const last = Object.keys(options).at(-1) as string;
      expectRejection({ [`${last}s`]: 1 }, `Did you mean '${last}'?`);
    });

    it('the configuration of another loss', () => {
      const nested = { ...nestedPlainLosses(descriptor) };
      expect(() => descriptor.create({ ...standardSizes, ...nested, loss: 'OtherLoss' } as never)).toThrow(
        /OtherLoss/,
      );
    });

    const wrong = Object.entries(options).flatMap(([key, option]) =>
      wrongValues(option).map((value) => [key, value] as const),
    );
    it.each(wrong)('%s %j', (key, value) => {
      // The suite sets these itself, so a wrong value does not reach the loss.
      if (key in standardSizes) return;
      expectRejection({ [key]: value }, key);
    });
  });
}

/** Returns values that an option must reject. */
function wrongValues(option: OptionDescriptor): unknown[] {
  switch (option.type) {
    case 'number': {
      const { minimum, above, maximum, integer } = option;
      return [
        Number.NaN,
        'surprise',
        ...(minimum === undefined ? [] : [minimum - 1]),
        ...(above === undefined ? [] : [above]),
        ...(maximum === undefined ? [] : [maximum + 1]),
        ...(integer ? [1.5] : []),
      ];
    }
    case 'choice':
      return ['surprise', 1];
    case 'boolean':
      return ['yes'];
    case 'text':
      return [1];
    case 'loss':
      return [1, {}];
    case 'parts':
      return [1];
  }
}
