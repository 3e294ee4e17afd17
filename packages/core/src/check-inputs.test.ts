import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { angularMargin } from './angular-margin.ts';
import type { BankInputs, BankOptions } from './bank-options.ts';
import { bceCriterion } from './bce-criterion.ts';
import { checkBatchShapes, checkBatchValues } from './check-batch.ts';
import { checkBankInputs } from './check-inputs.ts';
import { cosineBankLoss } from './cosine-bank-loss.ts';
import { cosineMargin } from './cosine-margin.ts';
import { ConfigError, DataError, ShapeError } from './errors.ts';
import { hardNegativesMap } from './hard-negatives-map.ts';
import { resolveBankOptions } from './resolve-bank-options.ts';

const sizes = { numClasses: 5, embeddingSize: 3 };

describeOnBackends('checks of the inputs', () => {
  let good: Pick<Required<BankInputs>, 'embeddings' | 'bank'> & { labels: tf.Tensor1D };
  beforeAll(() => {
    good = {
      embeddings: tf.ones([2, 3]),
      labels: tf.tensor1d([0, 4], 'int32'),
      bank: tf.ones([5, 3]),
    };
  });
  afterAll(() => {
    tf.dispose([good.embeddings, good.labels, good.bank]);
  });

  it('accept valid inputs', () => {
    tf.tidy(() => {
      const options = resolveBankOptions({ criterion: bceCriterion });
      checkBankInputs(good, options);
      checkBankInputs({ ...good, bias: tf.ones([1]) }, options);
      checkBankInputs({ ...good, bias: tf.ones([5]), classes: tf.tensor1d([0, 4], 'int32') }, options);
      checkBankInputs({ ...good, labels: tf.ones([2, 5]) as tf.Tensor2D }, options);
      checkBatchValues(good, 5);
    });
  });

  it.each<[string, () => Partial<Record<keyof BankInputs, tf.Tensor>>, RegExp]>([
    ['rank of the embeddings', () => ({ embeddings: tf.ones([3]) }), /\[batch, 3\] .* have shape \[3\]/],
    [
      'size of the embeddings',
      () => ({ embeddings: tf.ones([2, 4]) }),
      /\[batch, 3\] .* have shape \[2, 4\]/,
    ],
    ['an empty batch', () => ({ embeddings: tf.ones([0, 3]) }), /at least one row, but have shape \[0, 3\]/],
    ['number of labels', () => ({ labels: tf.ones([3]) }), /\[2\] .* embeddings \[2, 3\], but have \[3\]/],
    [
      'size of soft targets',
      () => ({ labels: tf.ones([2, 4]) }),
      /soft targets \[2, 5\]\) .* but have \[2, 4\]/,
    ],
    ['rank of the labels', () => ({ labels: tf.scalar(1) }), /but have \[\]/],
    ['rank of the bank', () => ({ bank: tf.ones([3]) }), /bank .* has shape \[3\]/],
    ['an empty bank', () => ({ bank: tf.ones([0, 3]) }), /at least one class, but has shape \[0, 3\]/],
    ['size of the bias', () => ({ bias: tf.ones([2]) }), /\[1\] \(unified\) or \[5\] .* has \[2\]/],
    ['rank of the bias', () => ({ bias: tf.ones([5, 1]) }), /bias .* has \[5, 1\]/],
    ['rank of the classes', () => ({ classes: tf.ones([2, 2]) }), /classes .* found \[2, 2\]/],
    [
      'classes with soft targets',
      () => ({ classes: tf.ones([2]), labels: tf.ones([2, 5]) }),
      /with labels \[batch\]; found \[2\] and labels \[2, 5\]/,
    ],
  ])('refuse a wrong shape: %s', (_, change, message) => {
    tf.tidy(() => {
      const score = () =>
        cosineBankLoss({ ...good, ...change() } as unknown as BankInputs, { criterion: bceCriterion });
      expect(score).toThrow(ShapeError);
      expect(score).toThrow(message);
    });
  });

  const angular = { margins: [angularMargin({ margin: 0.1 })] } as const;
  const additions: [string, () => Partial<BankInputs>, Partial<BankOptions>, RegExp][] = [
    [
      'angles of the rows',
      () => ({ rowMargins: { angle: tf.ones([3]) } }),
      angular,
      /rowMargins\.angle must have shape \[2\], but has \[3\]/,
    ],
    [
      'cosines of the rows',
      () => ({ rowMargins: { cosine: tf.ones([2, 1]) as unknown as tf.Tensor1D } }),
      angular,
      /rowMargins\.cosine must have shape \[2\], but has \[2, 1\]/,
    ],
    ['weights of the rows', () => ({ rowWeights: tf.ones([5]) }), {}, /rowWeights .* \[2\], but has \[5\]/],
    [
      'outside negatives of another batch',
      () => ({ outsideNegatives: tf.ones([3, 4]) as tf.Tensor2D }),
      {},
      /outsideNegatives must have shape \[count\] or \[2, count\] for embeddings \[2, 3\], but have \[3, 4\]/,
    ],
    [
      'no outside negatives',
      () => ({ outsideNegatives: tf.ones([0]) as tf.Tensor1D }),
      {},
      /outsideNegatives .* have \[0\]/,
    ],
    [
      'no outside negatives of each row',
      () => ({ outsideNegatives: tf.ones([2, 0]) as tf.Tensor2D }),
      {},
      /outsideNegatives .* have \[2, 0\]/,
    ],
    [
      'rank of the outside negatives',
      () => ({ outsideNegatives: tf.ones([2, 1, 4]) as unknown as tf.Tensor2D }),
      {},
      /outsideNegatives .* have \[2, 1, 4\]/,
    ],
    [
      'factor of hard negatives',
      () => ({ hardFactor: tf.ones([2]) }),
      { similarityMap: hardNegativesMap() },
      /hardFactor must have shape \[1\], but has \[2\]/,
    ],
    [
      'rows of a mixture',
      () => ({ mixture: { rows: tf.ones([4, 3]), shares: tf.ones([5]) } }),
      {},
      /mixture\.rows must have shape \[5, 3\], but has \[4, 3\]/,
    ],
    [
      'shares of a mixture',
      () => ({ mixture: { rows: tf.ones([5, 3]), shares: tf.ones([1]) } }),
      {},
      /mixture\.shares must have shape \[5\], but has \[1\]/,
    ],
    [
      'centers of a bank of another size',
      () => ({}),
      { centers: 2 },
      /2 centers .* multiple of 2 rows, but has shape \[5, 3\]/,
    ],
    [
      'a bias for each center',
      () => ({ bank: tf.ones([10, 3]), bias: tf.ones([10]) }),
      { centers: 2 },
      /bias .* \[5\] .* has \[10\]/,
    ],
    [
      'soft targets for each center',
      () => ({ bank: tf.ones([10, 3]), labels: tf.ones([2, 10]) as tf.Tensor2D }),
      { centers: 2 },
      /soft targets \[2, 5\]\) .* but have \[2, 10\]/,
    ],
  ];
  it.each(additions)('refuse a wrong shape of the additions: %s', (_, change, options, message) => {
    tf.tidy(() => {
      const inputs = { ...good, ...change() };
      const { numTensors } = tf.memory();
      const score = () => cosineBankLoss(inputs, { criterion: bceCriterion, ...options });
      expect(score).toThrow(ShapeError);
      expect(score).toThrow(message);
      expect(tf.memory().numTensors).toBe(numTensors);
    });
  });

  it('refuse soft targets if an option needs one positive class', () => {
    tf.tidy(() => {
      const soft = { ...good, labels: tf.ones([2, 5]) as tf.Tensor2D };
      const margins = [cosineMargin(0.1)];
      for (const options of [{ margins }, { emptyRows: 'skip' } as const]) {
        expect(() => cosineBankLoss(soft, { criterion: bceCriterion, ...options })).toThrow(ConfigError);
      }
    });
  });

  it.each<[string, () => { labels?: tf.Tensor; embeddings?: tf.Tensor }, RegExp]>([
    [
      'a label too large',
      () => ({ labels: tf.tensor1d([0, 5], 'int32') }),
      /labels\[1\] is 5, .* from 0 to 4/,
    ],
    ['a negative label', () => ({ labels: tf.tensor1d([-1, 0], 'int32') }), /labels\[0\] is -1/],
    [
      'a fractional label',
      () => ({ labels: tf.tensor1d([0, 1.5]) }),
      /labels\[1\] is 1.5, but must be a whole/,
    ],
    ['a label NaN', () => ({ labels: tf.tensor1d([Number.NaN, 1]) }), /labels\[0\] is NaN/],
    [
      'a soft target above 1',
      () => ({ labels: tf.tensor2d([1, 0, 0, 0, 0, 0, 0, 1.5, 0, 0], [2, 5]) }),
      /row 1 and class 2 is 1.5/,
    ],
    [
      'a soft target NaN',
      () => ({ labels: tf.tensor2d([1, Number.NaN, 0, 0, 0, 0, 0, 1, 0, 0], [2, 5]) }),
      /row 0 and class 1 is NaN/,
    ],
    [
      'an embedding NaN',
      () => ({ embeddings: tf.tensor2d([1, 2, 3, 4, 5, Number.NaN], [2, 3]) }),
      /embeddings\[1\]\[2\] is NaN/,
    ],
    [
      'an infinite embedding',
      () => ({ embeddings: tf.tensor2d([1, Number.NEGATIVE_INFINITY, 3, 4, 5, 6], [2, 3]) }),
      /embeddings\[0\]\[1\] is -Infinity.*learning rate/,
    ],
  ])('refuse a wrong value: %s', (_, change, message) => {
    tf.tidy(() => {
      const batch = { embeddings: good.embeddings, labels: good.labels, ...change() } as BankInputs;
      const check = () => checkBatchValues(batch, sizes.numClasses, {});
      expect(check).toThrow(DataError);
      expect(check).toThrow(message);
      expect(() => checkBatchValues(batch, sizes.numClasses, { checkValues: true })).toThrow(DataError);
      checkBatchValues(batch, sizes.numClasses, { checkValues: false });
      checkBatchShapes(batch, sizes);
    });
  });
});

describe('checks of values on a GPU', () => {
  it('happen only on request, because reading stalls the device', () => {
    const bad = { embeddings: tf.tensor2d([[Number.NaN, 0, 0]]), labels: tf.tensor1d([0], 'int32') };
    const engine = tf.engine();
    const name = engine.backendName;
    try {
      engine.backendName = 'webgl';
      checkBatchValues(bad, 5);
      expect(() => checkBatchValues(bad, 5, { checkValues: true })).toThrow(DataError);
    } finally {
      engine.backendName = name;
      tf.dispose([bad.embeddings, bad.labels]);
    }
  });
});
