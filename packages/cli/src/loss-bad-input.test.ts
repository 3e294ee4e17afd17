import { ConfigError, createLoss, type OpenSetLoss, ShapeError } from '@openset/core';
import { CosFaceLoss, SubCenterArcFaceLoss } from '@openset/margin';
import { UnpgLoss } from '@openset/negative-pairs';
import { AdaFaceLoss, MagFaceLoss } from '@openset/quality';
import { lossAndGradients, numericState, relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import { UniTSFaceLoss } from '@openset/uss';
import { VplLoss } from '@openset/vpl';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { losses } from './losses.ts';

// What losses do where their papers leave open what happens. Loss packages do not import each other, so these tests are here.

const sizes = { numClasses: 5, embeddingSize: 4 };
const rows = [
  [1, 2, 3, -1],
  [0.5, 2, -0.3, 0.4],
  [-1, 0.2, 0.7, 0.1],
];
const embeddings = (factor = 1) => tf.mul(tf.tensor2d(rows), factor) as tf.Tensor2D;
const labels = () => tf.tensor1d([4, 0, 4], 'int32');
const classLosses = losses.filter(({ hasClassWeights }) => hasClassWeights);
/** Losses with a map of the similarities, which leaves no place for that of Partial FC. */
const withMap: Readonly<Record<string, string>> = {
  SphereFace2Loss: 'power',
  CurricularFaceLoss: 'hardNegatives',
  MvSoftmaxLoss: 'hardNegatives',
};

/** Expects an error before anything changes. */
async function expectRefusal(loss: OpenSetLoss, attempt: () => unknown, kind: unknown, text: RegExp) {
  const before = await numericState(loss);
  const { numTensors } = tf.memory();
  expect(attempt).toThrow(kind as typeof ShapeError);
  expect(attempt).toThrow(text);
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(await numericState(loss)).toEqual(before);
}

describeOnBackends('losses refuse what has no meaning', () => {
  it.each(classLosses.map(({ name }) => name))('%s with the filter of Partial FC', async (name) => {
    const config = { loss: name, ...sizes, negativeSampleRate: 0.8, interclassFilteringThreshold: 0.1 };
    const map = withMap[name];
    if (map) {
      const { numTensors } = tf.memory();
      expect(() => createLoss(config, losses)).toThrow(ConfigError);
      expect(() => createLoss(config, losses)).toThrow(new RegExp(`interclassFilteringThreshold.*'${map}'`));
      expect(tf.memory().numTensors).toBe(numTensors);
      return;
    }
    const context = { epoch: 3 };
    const evaluate = async (options: object) => {
      const loss = createLoss({ ...config, ...options }, losses);
      return lossAndGradients(loss, embeddings(), labels(), { context });
    };
    const [filtered, plain] = [await evaluate({}), await evaluate({ interclassFilteringThreshold: 0 })];
    expect(filtered.loss).not.toBe(plain.loss);
    for (const values of [[filtered.loss], filtered.embeddings, ...filtered.trainable])
      expect([...values].every(Number.isFinite)).toBe(true);
  });

  it.each(['SoftmaxLoss', 'BceUnifiedLoss', 'BceDiverseLoss'])(
    '%s of raw products, or with label smoothing, with the filter of Partial FC',
    (name) => {
      for (const [option, text] of [
        [{ normalized: false }, "'dot'"],
        [{ labelSmoothing: 0.1 }, 'labelSmoothing'],
      ] as const) {
        const config = { loss: name, ...sizes, margin: 0, interclassFilteringThreshold: 0.1, ...option };
        const { margin: _, ...withoutMargin } = config;
        const given = name === 'SoftmaxLoss' ? withoutMargin : config;
        expect(() => createLoss(given, losses)).toThrow(ConfigError);
        expect(() => createLoss(given, losses)).toThrow(new RegExp(`interclassFilteringThreshold.*${text}`));
      }
    },
  );

  it('statistics of a batch of one row, alone and in UniTSFace', async () => {
    const make = () => new AdaFaceLoss(sizes);
    const one = () => tf.slice2d(embeddings(), [0, 0], [1, 4]);
    const [batch, label] = [one(), tf.tensor1d([2], 'int32')];
    const alone = make();
    await expectRefusal(alone, () => alone.forward(batch, label), ShapeError, /AdaFaceLoss.*2 rows.*1/);
    await expect(alone.inspect(batch, label)).rejects.toThrow(ShapeError);
    const both = new UniTSFaceLoss({ ...sizes, classLoss: make(), startEpoch: 1 });
    const forward = () => both.forward(batch, label, { epoch: 1 });
    await expectRefusal(both, forward, ShapeError, /AdaFaceLoss.*2 rows.*1/);
  });

  it('weights of another number of centers', async () => {
    const three = new SubCenterArcFaceLoss({ ...sizes, subCenters: 3 });
    const two = new SubCenterArcFaceLoss({ ...sizes, subCenters: 2 });
    const state = two.getState();
    await expectRefusal(three, () => three.setState(state), ShapeError, /'weight'.*\[15, 4\].*\[10, 4\]/);
  });

  it('embeddings to remember of another batch', async () => {
    const loss = new VplLoss(sizes);
    const [batch, own, others] = [embeddings(), labels(), tf.zeros<tf.Rank.R2>([2, 4])];
    const forward = () => loss.forwardWithMemory(batch, own, others);
    await expectRefusal(loss, forward, ShapeError, /embeddings \[2, 4\].*\[3\]/);
  });
});

describeOnBackends('losses stay defined', () => {
  it('UNPG without a pair of different people is CosFace', async () => {
    const options = { ...sizes, scale: 16, margin: 0.3 };
    for (const list of [[2], [1, 1, 1]]) {
      const batch = () => tf.slice2d(embeddings(), [0, 0], [list.length, 4]);
      const evaluate = (loss: OpenSetLoss) => lossAndGradients(loss, batch(), tf.tensor1d(list, 'int32'));
      const [found, expected] = [
        await evaluate(new UnpgLoss(options)),
        await evaluate(new CosFaceLoss(options)),
      ];
      expect(found.loss).toBeCloseTo(expected.loss, 5);
      expect(relativeError(found.embeddings, expected.embeddings)).toBeLessThan(1e-5);
      expect(relativeError(found.trainable[0]!, expected.trainable[0]!)).toBeLessThan(1e-5);
    }
    const { extraNegatives, negativePairs } = await new UnpgLoss(options).inspect(
      embeddings(),
      tf.tensor1d([1, 1, 1], 'int32'),
    );
    expect([[...extraNegatives], [...negativePairs]]).toEqual([[], [0]]);
  });

  it('MagFace clips norms outside its range, and does not train them there', async () => {
    const range = { lowerNorm: 10, upperNorm: 20, regularizerWeight: 3 };
    const evaluate = (batch: tf.Tensor2D) =>
      lossAndGradients(new MagFaceLoss({ ...sizes, scale: 16, ...range }), batch, labels());
    /** Returns the batch with this norm in every row. */
    const ofNorm = (norm: number) =>
      tf.tensor2d(rows.map((row) => row.map((value) => (value * norm) / Math.hypot(...row))));
    for (const [outside, limit] of [
      [1e-3, 10],
      [9, 10],
      [25, 20],
      [1e6, 20],
    ] as const) {
      const [found, expected] = [await evaluate(ofNorm(outside)), await evaluate(ofNorm(limit))];
      expect(relativeError([found.loss], [expected.loss])).toBeLessThan(1e-5);
      rows.forEach((row, index) => {
        const gradient = [...found.embeddings.slice(4 * index, 4 * index + 4)];
        const along = gradient.reduce((sum, value, column) => sum + value * row[column]!, 0);
        expect(Math.abs(along)).toBeLessThan(1e-4 * Math.hypot(...gradient) * Math.hypot(...row));
      });
    }
    // g(l) = l / u² + 1 / l, and an embedding of zeros has the cosine 0 with every class.
    const zeros = await evaluate(tf.zeros([3, 4]));
    expect(Number.isFinite(zeros.loss)).toBe(true);
    expect(zeros.loss).toBeGreaterThan(3 * (10 / 400 + 1 / 10));
    for (const values of [zeros.embeddings, ...zeros.trainable])
      expect([...values].every(Number.isFinite)).toBe(true);
    for (const upperNorm of [10, 9])
      expect(() => new MagFaceLoss({ ...sizes, ...range, upperNorm })).toThrow(/upperNorm.*10.*but is/);
  });
});
