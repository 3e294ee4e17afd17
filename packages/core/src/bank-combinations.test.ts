import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adaptiveMargin } from './adaptive-margin.ts';
import { angularMargin } from './angular-margin.ts';
import type { BankInputs, BankOptions } from './bank-options.ts';
import { bceCriterion } from './bce-criterion.ts';
import { cosineBankLoss } from './cosine-bank-loss.ts';
import { cosineMargin } from './cosine-margin.ts';
import { ConfigError } from './errors.ts';
import { filterNegatives } from './filter-negatives.ts';
import { hardNegativesMap } from './hard-negatives-map.ts';
import { negativeLimitMap } from './negative-limit-map.ts';
import { negativeMargin } from './negative-margin.ts';
import { pairSampling } from './pair-mask.ts';
import { powerMap } from './power-map.ts';
import { resolveBankOptions } from './resolve-bank-options.ts';
import { softmaxCriterion } from './softmax-criterion.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const cosine = cosineMargin(0.2);
const angular = angularMargin({ margin: 0.2 });
const power = powerMap({ exponent: 3 });
const hardNegatives = hardNegativesMap({ factor: 1.2 });
const negativeLimit = negativeLimitMap(0.4);

/** Expects a `ConfigError` whose message has all names. */
function expectRefusal(attempt: () => unknown, names: readonly string[]): void {
  expect(attempt).toThrow(ConfigError);
  for (const name of names) expect(attempt).toThrow(name);
}

describe('options that exclude each other', () => {
  const refused: [Partial<BankOptions>, string[]][] = [
    [{ criterion: softmaxCriterion, negativeWeight: 0.7 }, ['negativeWeight', "'bce'", "'softmax'"]],
    [
      { criterion: softmaxCriterion, pairSampling: pairSampling({ rate: 0.5, seed: 1 }) },
      ['pairSampling', "'bce'", "'softmax'"],
    ],
    [{ criterion: softmaxCriterion, logitClip: 0 }, ['logitClip', "'bce'", "'softmax'"]],
    [{ similarity: 'dot', cosineLimit: 0 }, ['cosineLimit', "'dot'"]],
    [{ similarity: 'dot', similarityMap: power }, ['similarityMap', "'dot'"]],
    [{ similarity: 'dot', similarityMap: negativeLimit }, ['similarityMap', "'dot'"]],
    [{ similarity: 'dot', negativeMargin: negativeMargin({ cosine: 0.1 }) }, ['negativeMargin', "'dot'"]],
    [{ emptyRows: 'skip', labelSmoothing: 0.1 }, ['labelSmoothing', "emptyRows 'skip'"]],
    [{ emptyRows: 'skip', centers: 2 }, ["emptyRows 'skip'", 'centers']],
    [{ labelSmoothing: 0.1, similarityMap: power }, ['labelSmoothing', 'similarityMap']],
    [{ labelSmoothing: 0.1, similarityMap: hardNegatives }, ['labelSmoothing', 'similarityMap']],
    [
      { labelSmoothing: 0.1, negativeMargin: negativeMargin({ angle: 0.1 }) },
      ['labelSmoothing', 'negativeMargin'],
    ],
    [{ similarityMap: power, margins: [adaptiveMargin(0.5)] }, ["'power'", 'adaptive']],
    [{ similarityMap: power, margins: [cosine, angular] }, ["'power'", 'angular margins first']],
    [{ similarityMap: power, margins: [angular, cosine, angular] }, ["'power'", 'angular margins first']],
  ];
  it.each(refused)('refuses %j', (options, names) => {
    expectRefusal(() => resolveBankOptions({ criterion: bceCriterion, ...options }), names);
  });

  const allowed: Partial<BankOptions>[] = [
    { similarityMap: power, margins: [angular, cosine] },
    { similarityMap: hardNegatives, margins: [cosine, angular] },
    { similarityMap: hardNegatives, margins: [adaptiveMargin(0.5)] },
    { similarityMap: negativeLimit, centers: 3, cosineLimit: 0.9 },
    { emptyRows: 'skip', similarityMap: power },
    { labelSmoothing: 0.1, centers: 2 },
    { criterion: softmaxCriterion, negativeWeight: 1 },
  ];
  it.each(allowed)('accepts %j', (options) => {
    expect(resolveBankOptions({ criterion: bceCriterion, ...options })).toMatchObject(options);
  });
});

describe('inputs that options or other inputs exclude', () => {
  const inputs = (): BankInputs => ({
    embeddings: tf.tensor2d([1, 2, 3, -1], [2, 2]),
    labels: tf.tensor1d([0, 2], 'int32'),
    bank: tf.tensor2d([1, 0, 0, 1, 1, 1, -1, 0], [4, 2]),
  });
  const soft = () => tf.fill([2, 4], 0.25) as tf.Tensor2D;
  const outsideNegatives = () => tf.tensor1d([0.3, 0.1]);
  const mixture = () => ({
    rows: tf.tensor2d([1, 0, 0, 1, 1, 0, -1, 0], [4, 2]),
    shares: tf.fill([4], 0.2) as tf.Tensor1D,
  });
  const rows = () => tf.tensor1d([0.1, 0.2]);

  const refused: [string, () => Partial<BankInputs>, Partial<BankOptions>, string[]][] = [
    [
      'soft targets and a margin',
      () => ({ labels: soft() }),
      { margins: [cosine] },
      ['Soft targets', 'margin'],
    ],
    [
      'soft targets and empty rows',
      () => ({ labels: soft() }),
      { emptyRows: 'skip' },
      ['Soft targets', 'empty'],
    ],
    [
      'soft targets and a map',
      () => ({ labels: soft() }),
      { similarityMap: power },
      ['Soft targets', 'similarityMap'],
    ],
    [
      'soft targets and a margin of negatives',
      () => ({ labels: soft() }),
      { negativeMargin: negativeMargin({ cosine: 0.1 }) },
      ['Soft targets', 'negativeMargin'],
    ],
    [
      'soft targets and outside negatives',
      () => ({ labels: soft(), outsideNegatives: outsideNegatives() }),
      {},
      ['Soft targets', 'outsideNegatives'],
    ],
    [
      'label smoothing and outside negatives',
      () => ({ outsideNegatives: outsideNegatives() }),
      { labelSmoothing: 0.1 },
      ['outsideNegatives', 'labelSmoothing'],
    ],
    [
      'pair sampling and outside negatives',
      () => ({ outsideNegatives: outsideNegatives() }),
      { pairSampling: pairSampling({ rate: 0.5, seed: 0 }) },
      ['outsideNegatives', 'pairSampling'],
    ],
    [
      'a bias for each class and outside negatives',
      () => ({ outsideNegatives: outsideNegatives(), bias: tf.zeros([4]) as tf.Tensor1D }),
      {},
      ['outsideNegatives', 'a bias for each class'],
    ],
    [
      'angles of the rows without an angular margin',
      () => ({ rowMargins: { angle: rows() } }),
      { margins: [cosine] },
      ['rowMargins.angle', "'angular'"],
    ],
    [
      'cosines of the rows without a cosine margin',
      () => ({ rowMargins: { cosine: rows() } }),
      { margins: [angular] },
      ['rowMargins.cosine', "'cosine'"],
    ],
    [
      'hardFactor without a map',
      () => ({ hardFactor: tf.tensor1d([0.3]) }),
      {},
      ['hardFactor', "'hardNegatives'"],
    ],
    [
      'hardFactor with another map',
      () => ({ hardFactor: tf.tensor1d([0.3]) }),
      { similarityMap: power },
      ['hardFactor', "'hardNegatives'", "'power'"],
    ],
    [
      'a mixture and centers',
      () => ({ mixture: mixture(), labels: tf.tensor1d([0, 1], 'int32') }),
      { centers: 2 },
      ['mixture', 'several centers'],
    ],
    [
      'a mixture and empty rows',
      () => ({ mixture: mixture() }),
      { emptyRows: 'skip' },
      ['mixture', "emptyRows 'skip'"],
    ],
    [
      'a mixture and raw products',
      () => ({ mixture: mixture() }),
      { similarity: 'dot' },
      ['mixture', "similarity 'dot'"],
    ],
  ];
  it.each(refused)('refuses %s', (_, change, options, names) => {
    tf.tidy(() => {
      const all = { ...inputs(), ...change() };
      const { numTensors } = tf.memory();
      expectRefusal(() => cosineBankLoss(all, { criterion: bceCriterion, ...options }), names);
      expect(tf.memory().numTensors).toBe(numTensors);
    });
  });

  it('accepts outside negatives with one class and its bias', () => {
    tf.tidy(() => {
      const one = {
        embeddings: tf.tensor2d([[1, 2]]),
        labels: tf.tensor1d([0], 'int32'),
        bank: tf.tensor2d([[1, 0]]),
        bias: tf.tensor1d([0.5]),
        outsideNegatives: outsideNegatives(),
      };
      expect(cosineBankLoss(one, { criterion: softmaxCriterion }).dataSync()[0]).toBeGreaterThan(0);
    });
  });
});

describe('filterNegatives', () => {
  const options: BankOptions = { criterion: softmaxCriterion, margins: [cosine] };

  it('adds a limit of the negatives; 0 is off', () => {
    expect(filterNegatives(options, 0.4)).toEqual({ ...options, similarityMap: negativeLimit });
    expect(filterNegatives(options)).toBe(options);
    expect(filterNegatives({ ...options, similarityMap: power }, 0).similarityMap).toBe(power);
  });

  it.each([power, hardNegatives, negativeLimit])('refuses a second map: $kind', (similarityMap) => {
    const filter = () => filterNegatives({ ...options, similarityMap }, 0.4);
    expectRefusal(filter, ['interclassFilteringThreshold', `'${similarityMap.kind}'`]);
  });

  it('refuses raw products and label smoothing', () => {
    const name = 'interclassFilteringThreshold';
    expectRefusal(() => filterNegatives({ ...options, similarity: 'dot' }, 0.4), [name, "'dot'"]);
    expectRefusal(() => filterNegatives({ ...options, labelSmoothing: 0.1 }, 0.4), [name, 'labelSmoothing']);
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses the threshold %d', (threshold) => {
    expectRefusal(
      () => filterNegatives(options, threshold),
      ['interclassFilteringThreshold', String(threshold)],
    );
  });
});
