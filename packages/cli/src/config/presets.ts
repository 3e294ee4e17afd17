import type { LossSettings } from './loss-schema.ts';
import type { ScheduleSettings, Settings } from './settings.ts';

/** Settings that the official code of UniFace and UniTSFace has in common. EPL's presets override some of them. */
const shared = {
  // The papers train on everybody and evaluate on the pairs of LFW.
  heldOut: 0,
  maxImagesPerPerson: null,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 5e-4 },
  clipNorm: 10,
  augment: [{ kind: 'horizontal-flip', probability: 0.5 }],
  evaluateEvery: { epochs: 1 },
  seed: 1,
} satisfies Settings;

const multiStep: ScheduleSettings = {
  kind: 'multi-step',
  by: 'epoch',
  learningRate: 0.1,
  milestones: [16, 24],
  factor: 0.1,
};
const polynomial: ScheduleSettings = { kind: 'polynomial', by: 'step', learningRate: 0.1, power: 2 };

/** Network, batch size and learning rate for each training set of the papers. Batches are processed 128 images at a time. */
const trainingSets = {
  'r50-casia': {
    ...shared,
    ...lresnetIR(50),
    batchSize: 128,
    accumulate: 4,
    epochs: 28,
    schedule: multiStep,
  },
  'r50-wf4m': {
    ...shared,
    ...lresnetIR(50),
    batchSize: 128,
    accumulate: 8,
    epochs: 20,
    schedule: polynomial,
  },
  'r100-glint': {
    ...shared,
    ...lresnetIR(100),
    batchSize: 128,
    accumulate: 8,
    epochs: 20,
    schedule: polynomial,
  },
  // The first of 20 epochs warms up to 0.4.
  'r200-wf42m': {
    ...shared,
    ...lresnetIR(200),
    batchSize: 128,
    accumulate: 32,
    epochs: 20,
    schedule: { ...polynomial, learningRate: 0.4, warmup: 0.05 },
  },
} satisfies Record<string, Settings>;

const cosFace: LossSettings = {
  loss: 'CosFaceLoss',
  scale: 64,
  margin: 0.4,
};
const uniTSFace: LossSettings = {
  loss: 'UniTSFaceLoss',
  scale: 64,
  margin: 0.1,
  biasInit: 'data',
  combination: 'sum',
  startEpoch: 2,
  classLoss: cosFace,
};
const epl: LossSettings = {
  loss: 'EplLoss',
  base: 'cosface',
  scale: 64,
  margin: 0.4,
  empiricalMargin: 0.7,
  startEpoch: 4,
  prototypeUpdate: 'softsign',
};
const uniFace = { loss: 'BceUnifiedLoss', scale: 64 } as const;
/** EPL's code neither splits batches nor clips gradients. */
const eplRecipe = { batchSize: 512, accumulate: 1, clipNorm: null } satisfies Settings;

/**
 * Settings of the papers' runs by network, training set and loss, from their official code and supplements. UniFace has the
 * rows "uce-mb-r" on CASIA, WebFace4M and WebFace42M, and "mb-λ" on Glint360K. EPL's published recipe covers only CASIA;
 * on the other sets EPL has the recipe of UniFace and UniTSFace.
 */
export const presets = {
  'r50-casia-cosface': { ...trainingSets['r50-casia'], loss: cosFace },
  'r50-casia-epl': { ...trainingSets['r50-casia'], ...eplRecipe, loss: epl },
  'r50-casia-uniface': {
    ...trainingSets['r50-casia'],
    loss: { ...uniFace, margin: 0.45, negativeSampleRate: 0.5 },
  },
  'r50-casia-unitsface': { ...trainingSets['r50-casia'], loss: uniTSFace },
  'r50-wf4m-epl': { ...trainingSets['r50-wf4m'], clipNorm: null, loss: epl },
  'r50-wf4m-uniface': {
    ...trainingSets['r50-wf4m'],
    loss: { ...uniFace, margin: 0.4, negativeSampleRate: 0.4 },
  },
  'r50-wf4m-unitsface': { ...trainingSets['r50-wf4m'], loss: uniTSFace },
  'r100-glint-epl': { ...trainingSets['r100-glint'], clipNorm: null, loss: epl },
  'r100-glint-uniface': {
    ...trainingSets['r100-glint'],
    loss: { ...uniFace, margin: 0.4, negativeWeight: 0.7 },
  },
  'r100-glint-unitsface': { ...trainingSets['r100-glint'], loss: uniTSFace },
  'r200-wf42m-uniface': {
    ...trainingSets['r200-wf42m'],
    loss: { ...uniFace, margin: 0.4, negativeSampleRate: 0.4 },
  },
  'r200-wf42m-unitsface': { ...trainingSets['r200-wf42m'], loss: uniTSFace },
} satisfies Record<string, Settings>;

/** All values of `--preset`. */
export const presetNames = Object.keys(presets) as (keyof typeof presets)[];

function lresnetIR(depth: 50 | 100 | 200) {
  return {
    network: {
      backbone: 'lresnet-ir',
      depth,
      inputSize: 112,
      channels: 3,
      embeddingSize: 512,
      dropout: 0.4,
    },
  } satisfies Settings;
}
