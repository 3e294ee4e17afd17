import { type OpenSetLoss, pairThreshold } from '@openset/core';
import {
  lossAndGradients,
  numericState,
  plainBankLoss,
  plainTargetCosines,
  relativeError,
} from '@openset/testkit';
import {
  describeOnBackends,
  lossConformance,
  lossFixtures,
  variantConformance,
} from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { EplLoss, type EplLossOptions, eplDescriptor } from './epl-loss.ts';

const fixtures = new URL('./__fixtures__/losses.json', import.meta.url);
const context = { epoch: 3 };

/** Margins of each base, as shifts of the positive cosine that are frozen at the point of the gradient. */
const shifts = {
  cosface: { conventional: () => -0.4, empirical: (c: number) => -0.7 * c },
  arcface: {
    conventional: (c: number) => Math.cos(Math.acos(c) + 0.4) - c,
    empirical: (c: number) => Math.cos(Math.acos(0.3 * c) + 0.4) - c,
  },
  uniface: { conventional: () => -0.4, empirical: (c: number) => -0.7 * c - 0.4 },
};

/** EPL with all stopped terms frozen: both terms by their plain formula, against the prototypes after an update at `start`. */
function surrogate(base: keyof typeof shifts) {
  return (loss: OpenSetLoss, start: tf.Tensor2D, labels: tf.Tensor1D) => {
    const [weight, bias] = loss.trainable as unknown as [tf.Tensor2D, tf.Tensor1D | undefined];
    const before = loss.getState();
    const step = loss.forward(start, labels, context);
    step.commit();
    const prototypes = tf.clone(loss.memory[0] as tf.Tensor2D);
    loss.setState(before);
    const half = (bank: tf.Tensor2D, shift: (cosine: number) => number) => {
      const cosines = plainTargetCosines(start, labels, bank).dataSync<'float32'>();
      const frozen = tf.tensor1d(cosines.map(shift));
      return (embeddings: tf.Tensor2D) =>
        plainBankLoss({
          embeddings,
          labels,
          bank,
          shift: frozen,
          scale: 16,
          criterion: base === 'uniface' ? 'bce' : 'softmax',
          ...(bias ? { bias } : {}),
        });
    };
    const halves = [
      half(weight, shifts[base].conventional),
      half(prototypes, shifts[base].empirical),
    ] as const;
    return (embeddings: tf.Tensor2D) =>
      tf.div(tf.add(halves[0](embeddings), halves[1](embeddings)), 2) as tf.Scalar;
  };
}

lossConformance(eplDescriptor, { fixtures: lossFixtures(fixtures) });
for (const base of ['cosface', 'arcface', 'uniface'] as const) {
  variantConformance(
    `EplLoss over ${base}`,
    (sizes) => new EplLoss({ ...sizes, base, scale: 16, ...(base === 'uniface' ? { biasInit: 4 } : {}) }),
    { context, surrogate: surrogate(base) },
  );
}
variantConformance(
  'EplLoss with the options of the paper',
  (sizes) =>
    new EplLoss({
      ...sizes,
      scale: 16,
      prototypeUpdate: 'sigmoid',
      empiricalMargin: 0.7,
      startEpoch: 1,
      duplicateLabels: 'sequential',
    }),
  { context, surrogate: surrogate('cosface') },
);

describeOnBackends('EplLoss', () => {
  const sizes = { numClasses: 2, embeddingSize: 2 };
  const labels = () => tf.tensor1d([0], 'int32');
  const embedding = () => tf.tensor2d([[1.2, 1.6]]); // normalised: (0.6, 0.8)

  async function prototypeAfter(options: Partial<EplLossOptions>, batch = embedding(), of = labels()) {
    const loss = new EplLoss({ ...sizes, ...options });
    const { weight } = loss;
    loss.setState({ weight, empiricalPrototypes: tf.tensor2d([1, 0, 0, 1], [2, 2]) });
    await lossAndGradients(loss, batch, of, { context: { epoch: 0 }, commit: true });
    return [...(await numericState(loss)).empiricalPrototypes!];
  }

  // Worked example: P = (1, 0), x̂ = (0.6, 0.8), s = 0.6.
  it.each([
    ['softsign', 0.8320503, 0.5547002],
    ['sigmoid', 0.9495469, 0.3136252],
    ['replace', 0.6, 0.8],
  ] as const)('mixes old prototype and embedding by %s', async (prototypeUpdate, x, y) => {
    const after = await prototypeAfter({ prototypeUpdate });
    expect(after[0]).toBeCloseTo(x, 6);
    expect(after[1]).toBeCloseTo(y, 6);
    expect(after.slice(2)).toEqual([0, 1]);
  });

  it('mixes them by the shifted sigmoid of the code: a = σ(0.6 − 1) = 0.4013123', async () => {
    const after = await prototypeAfter({ prototypeUpdate: 'sigmoid-shifted' });
    const mixed = [0.4013123 + 0.5986877 * 0.6, 0.5986877 * 0.8];
    const norm = Math.hypot(...mixed);
    expect(
      relativeError(
        after.slice(0, 2),
        mixed.map((value) => value / norm),
      ),
    ).toBeLessThan(1e-6);
  });

  it('keeps the last of duplicates, or updates with each in turn', async () => {
    const two = () => tf.tensor2d([0, 5, 1.2, 1.6], [2, 2]);
    const same = () => tf.tensor1d([0, 0], 'int32');
    const last = await prototypeAfter({ duplicateLabels: 'last' }, two(), same());
    expect(relativeError(last, [0.8320503, 0.5547002, 0, 1])).toBeLessThan(1e-6);
    // First (1, 0) with (0, 1): s = 0, a = 0, so (0, 1); then with (0.6, 0.8): s = 0.8, a = 4/9.
    const mixed = [(5 / 9) * 0.6, 4 / 9 + (5 / 9) * 0.8];
    const norm = Math.hypot(...mixed);
    const sequential = await prototypeAfter({ duplicateLabels: 'sequential' }, two(), same());
    expect(relativeError(sequential, [mixed[0]! / norm, mixed[1]! / norm, 0, 1])).toBeLessThan(1e-6);
  });

  it('scores weights and prototypes against the same sampled classes', async () => {
    const rows = { weight: [1, 0.2, -0.3, 1, 0.4, -1], prototypes: [1, 0, 0, 1, 0.6, -0.8] };
    const evaluate = async (classes: readonly number[], options: Partial<EplLossOptions>, few?: number[]) => {
      const of = (values: readonly number[]) =>
        tf.tensor2d(classes.map((label) => values.slice(2 * label, 2 * label + 2)));
      const loss = new EplLoss({ numClasses: classes.length, embeddingSize: 2, scale: 8, ...options });
      const empty = loss.getState();
      loss.setState({ ...empty, weight: of(rows.weight), empiricalPrototypes: of(rows.prototypes) });
      const sampledClasses = few && tf.tensor1d(few, 'int32');
      return lossAndGradients(loss, embedding(), labels(), {
        context: { epoch: 3, ...(sampledClasses && { sampledClasses }) },
      });
    };
    for (const base of ['cosface', 'uniface'] as const) {
      const biasInit = base === 'uniface' ? { biasInit: 2 } : {};
      const small = await evaluate([0, 2], { base, ...biasInit });
      const given = await evaluate([0, 1, 2], { base, ...biasInit }, [2, 0]);
      expect(given.loss).toBeCloseTo(small.loss, 5);
      expect(relativeError(given.embeddings, small.embeddings)).toBeLessThan(1e-5);
      const [weight] = small.trainable as [Float32Array];
      expect(
        relativeError(given.trainable[0]!, [...weight.slice(0, 2), 0, 0, ...weight.slice(2)]),
      ).toBeLessThan(1e-5);
    }
    // ⌊0.4 · 3⌋ = 1 class: nothing to tell apart, so softmax has no loss.
    expect((await evaluate([0, 1, 2], { negativeSampleRate: 0.4 })).loss).toBeCloseTo(0, 6);
    // Every other class is above the limit, and counts as similarity 0.
    const filtered = await evaluate([0, 1], { interclassFilteringThreshold: 0.1, empiricalMargin: 0 });
    const cosines = [0.6 * 0.98058068 + 0.8 * 0.19611614, (0.6 + 0.8 * 0.4) / Math.hypot(1, 0.4)];
    expect(filtered.loss).toBeGreaterThan(0);
    expect(cosines[0]).toBeGreaterThan(0.1);
    expect([...filtered.trainable[0]!.slice(2)]).toEqual([0, 0]);
  });

  it('observe updates only the prototypes, as a scored batch does', async () => {
    const loss = new EplLoss(sizes);
    const start = (await numericState(loss)).empiricalPrototypes!;
    const scored = new EplLoss(sizes);
    await lossAndGradients(scored, embedding(), labels(), { context, commit: true });
    const observed: { step?: ReturnType<EplLoss['observe']> } = {};
    tf.tidy(() => {
      observed.step = loss.observe(embedding(), labels());
    });
    expect([...(await numericState(loss)).empiricalPrototypes!]).toEqual([...start]);
    observed.step?.commit();
    observed.step?.dispose();
    const moved = (await numericState(loss)).empiricalPrototypes!;
    expect([...moved]).not.toEqual([...start]);
    expect([...moved]).toEqual([...(await numericState(scored)).empiricalPrototypes!]);
  });

  it('scores against the prototypes from startEpoch on, and requires the epoch', async () => {
    const options = { ...sizes, scale: 16 };
    const value = async (loss: EplLoss, epoch: number) =>
      (await lossAndGradients(loss, embedding(), labels(), { context: { epoch } })).loss;
    const loss = new EplLoss(options);
    expect(await value(loss, 2)).toBe(await value(loss, 0));
    expect(await value(loss, 3)).not.toBe(await value(loss, 2));
    expect(() => loss.forward(embedding(), labels())).toThrow(/epoch 4.*startEpoch to 1/);
    expect(() => new EplLoss({ ...options, startEpoch: 1 }).forward(embedding(), labels())).not.toThrow();
  });

  it('learns a threshold over UniFace only', () => {
    expect(new EplLoss(sizes).threshold()).toBeNull();
    const uniface = new EplLoss({ ...sizes, base: 'uniface' });
    expect(uniface.threshold()?.between).toBe('embedding and class');
    expect(uniface.threshold()?.cosine).toBeCloseTo(Math.log(20) / 64, 6);
    expect(pairThreshold(uniface)).toBeNull();
  });

  it('gives unseen classes a random direction: the loss of a fresh model matches theory', async () => {
    // Theory: s·m + log(C − 1) + s² / (2 D) for the term of the weights (the papers' training log has 38.75 for 38.87).
    const loss = new EplLoss({ numClasses: 2000, embeddingSize: 512 });
    const batch = tf.randomNormal([32, 512], 0, 1, 'float32', 5) as tf.Tensor2D;
    const many = tf.range(0, 32, 1, 'int32');
    const result = await lossAndGradients(loss, batch, many, { context: { epoch: 0 } });
    const theory = 64 * 0.4 + Math.log(1999) + 64 ** 2 / 512 / 2;
    expect(Math.abs(result.loss - theory)).toBeLessThan(1.5);
  });

  it('rejects unknown words, and numbers out of range', () => {
    expect(() => new EplLoss({ ...sizes, base: 'softmax' as 'cosface' })).toThrow(
      /'cosface', 'arcface', 'uniface'/,
    );
    expect(() => new EplLoss({ ...sizes, prototypeUpdate: 'mean' as 'sigmoid' })).toThrow(/softsign/);
    expect(() => new EplLoss({ ...sizes, empiricalMargin: 1.5 })).toThrow(/empiricalMargin.*1\.5/);
    expect(() => new EplLoss({ ...sizes, startEpoch: 0 })).toThrow(/startEpoch/);
  });
});
