import type { LossSettings } from './loss-schema.ts';

/** What suits the size of a data set. */
interface Strength {
  /** γ or s. */
  readonly scale: number;
  /** m, between an embedding and a class vector. */
  readonly margin: number;
}

/** From how many people on the papers' scale and margin are taken: theirs have ten thousand and more. */
const manyPeople = 5000;

const makers = {
  arcface: ({ scale }) => ({ loss: 'ArcFaceLoss', scale, margin: 0.3 }),
  'bce-diverse': (strength) => ({ loss: 'BceDiverseLoss', ...strength }),
  'bce-unified': (strength) => ({ loss: 'BceUnifiedLoss', ...strength }),
  'combined-margin': ({ scale }) => ({ loss: 'CombinedMarginLoss', scale }),
  cosface: (strength) => ({ loss: 'CosFaceLoss', ...strength }),
  epl: (strength) => ({ loss: 'EplLoss', ...strength }),
  'sample-to-sample-bce': ({ scale }) => ({ loss: 'SampleToSampleBceLoss', scale, margin: 0.1 }),
  'sample-to-sample-softmax': ({ scale }) => ({ loss: 'SampleToSampleSoftmaxLoss', scale, margin: 0.1 }),
  softmax: ({ scale }) => ({ loss: 'SoftmaxLoss', scale }),
  uniface: (strength) => ({ loss: 'BceUnifiedLoss', ...strength, negativeWeight: 0.7 }),
  unitsface: ({ scale, margin }) => ({
    loss: 'UniTSFaceLoss',
    scale,
    margin: 0.1,
    classLoss: { loss: 'CosFaceLoss', scale, margin },
  }),
  uss: ({ scale }) => ({ loss: 'UssLoss', scale, margin: 0.1 }),
} satisfies Record<string, (strength: Strength) => LossSettings>;

/** The words that `--loss` takes. */
export type LossWord = keyof typeof makers;

/** All of them. */
export const lossWords = Object.keys(makers) as LossWord[];

/** A loss with options that suit the number of people. */
export function lossFor(word: LossWord, people: number): LossSettings {
  const strength = people < manyPeople ? { scale: 32, margin: 0.2 } : { scale: 64, margin: 0.4 };
  return makers[word](strength);
}

/**
 * The loss with the epoch from which its second part counts, where it has one and none is given: the papers' epoch, or an
 * earlier one in a run too short for it.
 * @param epochs of the whole run
 */
export function withStartEpoch(loss: LossSettings, epochs: number): LossSettings {
  if (loss.loss === 'UniTSFaceLoss') return { ...loss, startEpoch: loss.startEpoch ?? (epochs < 4 ? 1 : 2) };
  if (loss.loss !== 'EplLoss') return loss;
  return { ...loss, startEpoch: loss.startEpoch ?? Math.min(4, Math.max(1, Math.floor(epochs / 4))) };
}

/** The loss with all its parts from the first step on: what its later steps cost. */
export function startedAtOnce(loss: LossSettings): LossSettings {
  return loss.loss === 'UniTSFaceLoss' || loss.loss === 'EplLoss' ? { ...loss, startEpoch: 1 } : loss;
}
