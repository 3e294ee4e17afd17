import { describeLoss, type OpenSetLoss, softmaxCriterion, suitableStrength } from '@openset/core';
import {
  SampleToSampleLoss,
  type SampleToSampleOptions,
  sampleToSampleOptions,
} from './sample-to-sample-loss.ts';

/** Options of `SampleToSampleSoftmaxLoss`. */
export type SampleToSampleSoftmaxOptions = Omit<SampleToSampleOptions, 'biasInit' | 'logitClip'>;

/** The descriptor of `SampleToSampleSoftmaxLoss`. */
export const sampleToSampleSoftmaxDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'SampleToSampleSoftmaxLoss',
  package: '@openset/uss',
  summary: 'sample-to-sample softmax: compares samples with a memory of samples',
  use: 'for comparison with USS',
  source: 'UniTSFace, NeurIPS 2023, arXiv 2311.02523, eq. 17',
  threshold: null,
  hasClassWeights: false,
  words: {
    'sample-to-sample-softmax': {
      options: (numIdentities) => ({ scale: suitableStrength(numIdentities).scale, margin: 0.1 }),
    },
  },
  options: sampleToSampleOptions,
  create: (options: SampleToSampleSoftmaxOptions): OpenSetLoss => new SampleToSampleSoftmaxLoss(options),
  conformance: [{ options: { scale: 16 } }],
  fixtures: { 's2s-softmax': ({ scale, margin }) => ({ scale, margin }) },
}));

/**
 * Sample-to-sample softmax, L_soft of UniTSFace (arXiv 2311.02523, eq. 17, with the margin on the positive): softmax
 * cross-entropy over the cosines with the samples in memory. It resembles the (N+1)-tuplet loss. Learns no threshold.
 */
export class SampleToSampleSoftmaxLoss extends SampleToSampleLoss {
  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: SampleToSampleSoftmaxOptions) {
    super(sampleToSampleSoftmaxDescriptor, options, softmaxCriterion, null);
  }
}
