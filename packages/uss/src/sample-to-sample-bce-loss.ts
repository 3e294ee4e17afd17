import { type LossDescriptor, type OpenSetLoss, suitableStrength } from '@openset/core';
import {
  biasedSampleOptions,
  SampleToSampleLoss,
  type SampleToSampleOptions,
} from './sample-to-sample-loss.ts';

/** The descriptor of `SampleToSampleBceLoss`. */
export const sampleToSampleBceDescriptor = {
  name: 'SampleToSampleBceLoss',
  package: '@openset/uss',
  summary: 'sample-to-sample BCE: samples against samples in memory, with one bias for each class',
  use: 'to compare with USS',
  source: 'UniTSFace, NeurIPS 2023, arXiv 2311.02523, eq. 22',
  threshold: null,
  hasClassWeights: false,
  words: {
    'sample-to-sample-bce': {
      options: (numIdentities) => ({ scale: suitableStrength(numIdentities).scale, margin: 0.1 }),
    },
  },
  options: biasedSampleOptions,
  create: (options: SampleToSampleOptions): OpenSetLoss => new SampleToSampleBceLoss(options),
  conformance: [{ options: { scale: 16 } }],
  fixtures: { 's2s-bce': ({ scale, margin }) => ({ scale, margin }) },
} as const satisfies LossDescriptor;

/**
 * Sample-to-sample BCE, L_bce of UniTSFace (eq. 22): like USS with a bias, and so a threshold `t_j = b_j / γ`, for
 * each class; there is no unified one.
 */
export class SampleToSampleBceLoss extends SampleToSampleLoss {
  constructor(options: SampleToSampleOptions) {
    super(sampleToSampleBceDescriptor, options, options.numClasses);
  }
}
