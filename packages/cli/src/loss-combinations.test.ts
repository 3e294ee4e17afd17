import { BceUnifiedLoss } from '@openset/bce-unified';
import { ConfigError, createLoss, type OpenSetLoss } from '@openset/core';
import { CurricularFaceLoss } from '@openset/curricular';
import { EplLoss } from '@openset/epl';
import { ArcFaceLoss, CosFaceLoss } from '@openset/margin';
import { AdaFaceLoss } from '@openset/quality';
import { lossAndGradients, numericState } from '@openset/testkit';
import { describeOnBackends, variantConformance } from '@openset/testkit/vitest';
import { UniTSFaceLoss, UssLoss } from '@openset/uss';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { losses } from './losses.ts';

// Losses of several packages together. Loss packages do not import each other, so these tests are here.

const context = { epoch: 3 };
const sizes = { numClasses: 5, embeddingSize: 4 };
const labels = () => tf.tensor1d([0, 3, 1, 3, 4], 'int32');
const embeddings = (seed = 1) => tf.randomNormal([5, 4], 0, 1, 'float32', seed) as tf.Tensor2D;
const classLosses = losses.filter(({ hasClassWeights }) => hasClassWeights).map(({ name }) => name);
const cosineOf = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, index) => sum + value * b[index]!, 0) / Math.hypot(...a) / Math.hypot(...b);

/** One bank of CurricularFace. */
interface CurricularBank {
  readonly rows: readonly number[][];
  /** Subtracted from the target cosine of each sample before the angular margin. */
  readonly shifts: readonly number[];
}

/** Returns which classes are hard negatives of each sample. */
function findHard(
  samples: readonly number[][],
  targets: readonly number[],
  bank: CurricularBank,
): boolean[][] {
  return samples.map((sample, index) => {
    const own = cosineOf(sample, bank.rows[targets[index]!]!) - bank.shifts[index]!;
    return bank.rows.map((row) => cosineOf(sample, row) > Math.cos(Math.acos(own) + strength.margin));
  });
}

/** CurricularFace by its formula, in float64, with given hard negatives and running mean t. */
function curricularValue(
  samples: readonly number[][],
  targets: readonly number[],
  bank: CurricularBank,
  { hard, mean }: { hard: readonly boolean[][]; mean: number },
): number {
  const { scale, margin } = strength;
  const values = samples.map((sample, index) => {
    const target = targets[index]!;
    const own = cosineOf(sample, bank.rows[target]!) - bank.shifts[index]!;
    const positive =
      own > -Math.cos(margin) ? Math.cos(Math.acos(own) + margin) : own - margin * Math.sin(margin);
    const logits = bank.rows.map((row, label) => {
      const cosine = cosineOf(sample, row);
      if (label === target) return scale * positive;
      return scale * (hard[index]![label] ? cosine * (mean + cosine) : cosine);
    });
    return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - scale * positive;
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const strength = { scale: 16, margin: 0.3 };
const makeOverCurricular = (given: typeof sizes & { seed?: number }) =>
  new EplLoss({
    ...given,
    startEpoch: 1,
    classLoss: new CurricularFaceLoss({ ...given, ...strength, statisticsMomentum: 0.2 }),
  });

/** Half the loss over the weights and half the loss over the updated prototypes, with everything stopped frozen at `start`. */
function frozenEplOverCurricular(loss: OpenSetLoss, start: tf.Tensor2D, targets: tf.Tensor1D) {
  const before = loss.getState();
  const step = loss.forward(start, targets, context);
  step.commit();
  step.dispose();
  const after = loss.getState() as Record<string, tf.Tensor2D>;
  const prototypes = after.empiricalPrototypes!.arraySync();
  const mean = after['classLoss.targetCosineMean']!.dataSync()[0]!;
  loss.setState(before);
  tf.dispose([before, after]);
  const own = targets.arraySync();
  const samples = start.arraySync();
  const weights = () => (loss.trainable[0] as tf.Tensor as tf.Tensor2D).arraySync();
  const banks = (): CurricularBank[] => [
    { rows: weights(), shifts: own.map(() => 0) },
    { rows: prototypes, shifts: samples.map((row, index) => 0.7 * cosineOf(row, prototypes[own[index]!]!)) },
  ];
  const hard = banks().map((bank) => findHard(samples, own, bank));
  expect(hard.flat(2)).toContain(true);
  return (moved: tf.Tensor2D) => {
    const halves = banks().map((bank, index) =>
      curricularValue(moved.arraySync(), own, bank, { hard: hard[index]!, mean }),
    );
    return tf.scalar((halves[0]! + halves[1]!) / 2);
  };
}

variantConformance('EplLoss over CurricularFaceLoss', makeOverCurricular, {
  context,
  surrogate: frozenEplOverCurricular,
});
variantConformance(
  'UniTSFaceLoss over AdaFaceLoss',
  // With a concentration, AdaFace stops gradients; its own test checks those.
  (given) =>
    new UniTSFaceLoss({
      ...given,
      scale: 16,
      classLoss: new AdaFaceLoss({ ...given, scale: 16, concentration: 0 }),
    }),
  { context, smallestBatch: 2 },
);

describeOnBackends('combined losses', () => {
  it('EPL over CurricularFace has the value of the formula, and moves both states', async () => {
    const loss = makeOverCurricular(sizes);
    const batch = embeddings();
    const expected = frozenEplOverCurricular(loss, batch, labels())(batch).dataSync()[0]!;
    const before = await numericState(loss);
    const found = await lossAndGradients(loss, batch, labels(), { context, commit: true });
    expect(found.loss).toBeCloseTo(expected, 4);
    const mean = found.rowLosses!.reduce((sum, value) => sum + value, 0) / 5;
    expect(mean).toBeCloseTo(expected, 4);
    const after = await numericState(loss);
    expect(Object.keys(after)).toEqual([
      'classLoss.weight',
      'classLoss.targetCosineMean',
      'empiricalPrototypes',
    ]);
    // A fifth of the mean target cosine of this batch, as over the weights alone.
    const alone = new CurricularFaceLoss({ ...sizes, ...strength, statisticsMomentum: 0.2 });
    await lossAndGradients(alone, batch, labels(), { commit: true });
    expect(after['classLoss.targetCosineMean']).toEqual((await numericState(alone)).targetCosineMean);
    expect(after.empiricalPrototypes).not.toEqual(before.empiricalPrototypes);
  });

  it.each([
    ['cosface', () => new CosFaceLoss({ ...sizes, scale: 16 }), { empiricalBaseMargin: false }],
    [
      'arcface',
      () =>
        new ArcFaceLoss({
          ...sizes,
          ...{ scale: 16, margin: 0.4, gradient: 'detached', branch: 'none', negativeSampleRate: 0.8 },
        }),
      {},
    ],
    ['uniface', () => new BceUnifiedLoss({ ...sizes, scale: 16, negativeWeight: 0.5, biasInit: 3 }), {}],
  ] as const)('EPL over a class loss is EPL with base %s', async (base, classLoss, options) => {
    const own = {
      cosface: {},
      arcface: { negativeSampleRate: 0.8 },
      uniface: { negativeWeight: 0.5, biasInit: 3 },
    }[base];
    const [first, second] = [
      new EplLoss({ ...sizes, base, scale: 16, ...own }),
      new EplLoss({ ...sizes, classLoss: classLoss(), ...options }),
    ];
    for (const seed of [1, 2]) {
      const [expected, found] = await Promise.all(
        [first, second].map((one) =>
          lossAndGradients(one, embeddings(seed), labels(), { context, commit: true }),
        ),
      );
      expect(found).toEqual(expected);
    }
    expect(second.threshold()).toEqual(first.threshold());
    const { empiricalPrototypes } = await numericState(first);
    expect((await numericState(second)).empiricalPrototypes).toEqual(empiricalPrototypes);
  });

  it('UniTSFace over AdaFace is the sum of both, with the threshold of USS', async () => {
    const adaFace = () => new AdaFaceLoss({ ...sizes, scale: 16 });
    const combined = new UniTSFaceLoss({ ...sizes, scale: 16, classLoss: adaFace() });
    const parts = [adaFace(), new UssLoss({ ...sizes, scale: 16 })];
    for (const seed of [1, 2, 3]) {
      const evaluate = (one: OpenSetLoss) =>
        lossAndGradients(one, embeddings(seed), labels(), { context, commit: true });
      const found = await evaluate(combined);
      const [first, second] = [await evaluate(parts[0]!), await evaluate(parts[1]!)];
      expect(found.loss).toBeCloseTo(first.loss + second.loss, 4);
      found.embeddings.forEach((value, index) => {
        expect(value).toBeCloseTo(first.embeddings[index]! + second.embeddings[index]!, 4);
      });
    }
    const state = await numericState(combined);
    expect(state['classLoss.normMean']).toEqual((await numericState(parts[0]!)).normMean);
    expect(combined.threshold()).toEqual(parts[1]!.threshold());
    expect(combined.threshold()?.between).toBe('embeddings');
  });

  const outer = [
    ...classLosses.map((name) => ['UniTSFaceLoss', name] as const),
    ...classLosses
      .filter((name) => !['SubCenterArcFaceLoss', 'SphereFace2Loss', 'VplLoss', 'EplLoss'].includes(name))
      .map((name) => ['EplLoss', name] as const),
  ];
  it.each(outer)('%s over %s: a restored copy continues with equal steps', async (loss, classLoss) => {
    const config = { loss, startEpoch: 1, classLoss: { loss: classLoss, scale: 8 } };
    const [first, second] = [createLoss(config, losses, sizes), createLoss(config, losses, sizes)];
    const step = (one: OpenSetLoss, seed: number) =>
      lossAndGradients(one, embeddings(seed), labels(), { context, commit: true });
    for (const seed of [1, 2]) await step(first, seed);
    const state = first.getState();
    second.setState(state);
    tf.dispose(state);
    expect(await step(second, 3)).toEqual(await step(first, 3));
    expect(await numericState(second)).toEqual(await numericState(first));
    expect(createLoss(first.getConfig(), losses).getConfig()).toEqual(first.getConfig());
  });

  it('a state of another class loss leaves EPL unchanged', async () => {
    const loss = makeOverCurricular(sizes);
    const other = new EplLoss({ ...sizes, seed: 9, classLoss: new CosFaceLoss(sizes) });
    const before = await numericState(loss);
    expect(() => loss.setState(other.getState())).toThrow(
      /CurricularFaceLoss: the state must have .*targetCosineMean, but has weight/,
    );
    expect(await numericState(loss)).toEqual(before);
  });
});

describe('EPL refuses', () => {
  const over = (classLoss: object) => createLoss({ loss: 'EplLoss', classLoss }, losses, sizes);

  it.each([
    ['SubCenterArcFaceLoss', /SubCenterArcFaceLoss.*several centers for each class/],
    ['SphereFace2Loss', /SphereFace2Loss.*map of all similarities/],
    ['VplLoss', /VplLoss.*a memory of its own for each class/],
    ['EplLoss', /classLoss is EplLoss/],
    ['UssLoss', /over class weights, but classLoss is UssLoss/],
    ['TcmLoss', /classLoss is TcmLoss/],
  ])('%s, and leaks nothing', (loss, message) => {
    const { numTensors } = tf.memory();
    expect(() => over({ loss })).toThrow(ConfigError);
    expect(() => over({ loss })).toThrow(message);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('products, other sizes, and options that the class loss has itself', () => {
    expect(() => over({ loss: 'BceUnifiedLoss', normalized: false })).toThrow(/products, not cosines/);
    const classLoss = new CosFaceLoss({ ...sizes, numClasses: 6 });
    expect(() => new EplLoss({ ...sizes, classLoss })).toThrow(/5 classes.*6 and 4.*same sizes/);
    const own = { loss: 'EplLoss', classLoss: { loss: 'CosFaceLoss' } };
    for (const option of [{ scale: 8 }, { base: 'cosface' }, { margin: 0.2 }]) {
      const [name] = Object.keys(option);
      expect(() => createLoss({ ...own, ...option }, losses, sizes)).toThrow(
        `EplLoss: ${name} has no effect with classLoss, which replaces it.`,
      );
    }
  });
});
