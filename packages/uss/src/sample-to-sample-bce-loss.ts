import { bceCriterion, describeLoss, type OpenSetLoss, suitableStrength } from '@openset/core';
import {
  biasedSampleOptions,
  SampleToSampleLoss,
  type SampleToSampleOptions,
} from './sample-to-sample-loss.ts';

/** The descriptor of `SampleToSampleBceLoss`. */
export const sampleToSampleBceDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'SampleToSampleBceLoss',
  package: '@openset/uss',
  summary: 'sample-to-sample BCE: compares samples with a memory of samples, with one bias per class',
  use: 'for comparison with USS',
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
}));

/**
 * Sample-to-sample BCE, L_bce of UniTSFace (arXiv 2311.02523, eq. 22): USS with one bias, and so one threshold
 * `t_j = b_j / γ`, per class. There is no unified threshold, so `threshold()` is null.
 */
export class SampleToSampleBceLoss extends SampleToSampleLoss {
  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: SampleToSampleOptions) {
    super(sampleToSampleBceDescriptor, options, bceCriterion, options.numClasses);
  }
}
