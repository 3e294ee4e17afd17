import type { LossSettings } from './loss-schema.ts';
import type { ScheduleSettings, Settings } from './settings.ts';

/** What the official code of UniFace and UniTSFace shares; EPL's differs where its own presets say so. */
const shared = {
  // Everybody is trained on, as in the papers: the pairs of the report are those of LFW.
  heldOut: 0,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 5e-4 },
  clipNorm: 10,
  augment: [{ kind: 'horizontal-flip', probability: 0.5 }],
  evaluateEvery: { epochs: 1 },
  seed: 1,
} satisfies Settings;

const steps: ScheduleSettings = {
  kind: 'multi-step',
  by: 'epoch',
  learningRate: 0.1,
  milestones: [16, 24],
  factor: 0.1,
};
const polynomial: ScheduleSettings = { kind: 'polynomial', by: 'step', learningRate: 0.1, power: 2 };

/** The training sets of the papers: network, batch and learning rate. Batches go through in parts of 128 images. */
const sets = {
  'r50-casia': { ...shared, ...networkOf(50), batchSize: 128, accumulate: 4, epochs: 28, schedule: steps },
  'r50-wf4m': {
    ...shared,
    ...networkOf(50),
    batchSize: 128,
    accumulate: 8,
    epochs: 20,
    schedule: polynomial,
  },
  'r100-glint': {
    ...shared,
    ...networkOf(100),
    batchSize: 128,
    accumulate: 8,
    epochs: 20,
    schedule: polynomial,
  },
  // The first of 20 epochs is the warm-up, up to 0.4.
  'r200-wf42m': {
    ...shared,
    ...networkOf(200),
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
/** EPL's code takes its batches in one piece, and clips nothing. */
const eplRecipe = { batchSize: 512, accumulate: 1, clipNorm: null } satisfies Settings;

/**
 * The settings of the papers, by network, training set and loss: what their official code and their supplements say.
 * UniFace: the rows "uce-mb-r" on CASIA, WebFace4M and WebFace42M, "mb-λ" on Glint360K. EPL is published with a recipe
 * for CASIA alone; on the other sets it has that of the sister papers.
 */
export const presets = {
  'r50-casia-cosface': { ...sets['r50-casia'], loss: cosFace },
  'r50-casia-epl': { ...sets['r50-casia'], ...eplRecipe, loss: epl },
  'r50-casia-uniface': {
    ...sets['r50-casia'],
    loss: { ...uniFace, margin: 0.45, negativeSampleRate: 0.5 },
  },
  'r50-casia-unitsface': { ...sets['r50-casia'], loss: uniTSFace },
  'r50-wf4m-epl': { ...sets['r50-wf4m'], clipNorm: null, loss: epl },
  'r50-wf4m-uniface': { ...sets['r50-wf4m'], loss: { ...uniFace, margin: 0.4, negativeSampleRate: 0.4 } },
  'r50-wf4m-unitsface': { ...sets['r50-wf4m'], loss: uniTSFace },
  'r100-glint-epl': { ...sets['r100-glint'], clipNorm: null, loss: epl },
  'r100-glint-uniface': { ...sets['r100-glint'], loss: { ...uniFace, margin: 0.4, negativeWeight: 0.7 } },
  'r100-glint-unitsface': { ...sets['r100-glint'], loss: uniTSFace },
  'r200-wf42m-uniface': {
    ...sets['r200-wf42m'],
    loss: { ...uniFace, margin: 0.4, negativeSampleRate: 0.4 },
  },
  'r200-wf42m-unitsface': { ...sets['r200-wf42m'], loss: uniTSFace },
} satisfies Record<string, Settings>;

/** The words that `--preset` takes. */
export const presetNames = Object.keys(presets) as (keyof typeof presets)[];

function networkOf(depth: 50 | 100 | 200) {
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
