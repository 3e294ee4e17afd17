import { describe, expect, it } from 'vitest';
import { angularMargin } from './angular-margin.ts';
import type { BankOptions } from './bank-options.ts';
import { bceCriterion } from './bce-criterion.ts';
import { cosineMargin } from './cosine-margin.ts';
import { ConfigError } from './errors.ts';
import { pairSampling } from './pair-mask.ts';
import { resolveBankOptions } from './resolve-bank-options.ts';
import { softmaxCriterion } from './softmax-criterion.ts';

describe('resolveBankOptions', () => {
  it('fills in the defaults of the papers', () => {
    expect(resolveBankOptions({ criterion: bceCriterion })).toEqual({
      criterion: bceCriterion,
      scale: 64,
      margins: [],
      similarity: 'cosine',
      cosineLimit: undefined,
      similarityMap: undefined,
      negativeMargin: undefined,
      centers: 1,
      labelSmoothing: 0,
      negativeWeight: 1,
      pairSampling: undefined,
      logitClip: undefined,
      emptyRows: 'score',
      bankGradient: true,
      weight: 1,
      reduction: 'mean',
      blockSize: undefined,
    });
    expect(resolveBankOptions({ criterion: softmaxCriterion, similarity: 'dot' }).scale).toBe(1);
  });

  it('keeps given options', () => {
    const given = {
      criterion: bceCriterion,
      scale: 30,
      margins: [cosineMargin(0.2)],
      similarity: 'dot',
      cosineLimit: undefined,
      similarityMap: undefined,
      negativeMargin: undefined,
      centers: 2,
      labelSmoothing: 0.1,
      negativeWeight: 0.5,
      pairSampling: pairSampling({ rate: 0.3, seed: 9 }),
      logitClip: 20,
      emptyRows: 'score',
      bankGradient: false,
      weight: 2,
      reduction: 'none',
      blockSize: 7,
    } as const;
    expect(resolveBankOptions(given)).toEqual(given);
  });

  it('returns resolved options as they are, frozen, and checks copies of them again', () => {
    const resolved = resolveBankOptions({ criterion: bceCriterion, margins: [cosineMargin(0.2)] });
    expect(resolveBankOptions(resolved)).toBe(resolved);
    expect(Object.isFrozen(resolved)).toBe(true);
    expect([resolved.margins, resolved.margins[0]].every(Object.isFrozen)).toBe(true);
    expect(resolveBankOptions({ ...resolved })).toEqual(resolved);
    expect(() => resolveBankOptions({ ...resolved, scale: -1 })).toThrow(ConfigError);
  });

  it.each<[Partial<Record<keyof BankOptions, unknown>>, RegExp]>([
    [{ criterion: 'mse' }, /criterion must be softmaxCriterion or bceCriterion, but is "mse"/],
    [{ similarity: 'euclid' }, /similarity .* 'cosine', 'dot', but is 'euclid'/],
    [{ emptyRows: 'drop' }, /emptyRows .* 'score', 'skip', but is 'drop'/],
    [{ scale: 0 }, /scale .* but is 0/],
    [{ scale: Number.NaN }, /scale .* but is NaN/],
    [{ labelSmoothing: -0.1 }, /labelSmoothing .* but is -0.1/],
    [{ labelSmoothing: 1.1 }, /labelSmoothing .* but is 1.1/],
    [{ negativeWeight: -1 }, /negativeWeight .* but is -1/],
    [{ weight: Number.POSITIVE_INFINITY }, /weight .* but is Infinity/],
    [{ blockSize: 0 }, /blockSize .* whole number from 1, but is 0/],
    [{ blockSize: 1.5 }, /blockSize .* but is 1.5/],
    [{ logitClip: -1 }, /logitClip .* but is -1/],
    [{ pairSampling: { rate: 0.5, seed: 0 } }, /pairSampling must be made by pairSampling, but is \{"rate"/],
    [{ negativeMargin: { cosine: 0.1 } }, /negativeMargin must be made by negativeMargin, but is \{"cosine"/],
    [{ criterion: 'bce' }, /criterion must be softmaxCriterion or bceCriterion, but is "bce"/],
    [{ criterion: undefined }, /criterion must be softmaxCriterion or bceCriterion, but is undefined/],
    [{ pairSampling: pairSampling({ rate: 1.5, seed: 0 }) }, /sample rate \(r\) .* but is 1.5/],
    [{ margins: [cosineMargin(-1)] }, /margin \(m\) .* but is -1/],
    [{ similarity: 'dot', margins: [angularMargin({ margin: 0.5 })] }, /similarity 'cosine'/],
    [
      { criterion: softmaxCriterion, negativeWeight: 0.5 },
      /negativeWeight is an option of the criterion 'bce'/,
    ],
    [
      { criterion: softmaxCriterion, pairSampling: pairSampling({ rate: 0.5, seed: 0 }) },
      /pairSampling is an option of the criterion 'bce'/,
    ],
    [{ criterion: softmaxCriterion, logitClip: 64 }, /logitClip is an option of the criterion 'bce'/],
    [{ labelSmoothing: 0.1, emptyRows: 'skip' }, /labelSmoothing .* emptyRows 'skip'/],
  ])('refuses %o', (options, message) => {
    const resolve = () => resolveBankOptions({ criterion: bceCriterion, ...options } as BankOptions);
    expect(resolve).toThrow(ConfigError);
    expect(resolve).toThrow(message);
  });
});
