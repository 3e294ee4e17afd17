import {
  type LearnedThreshold,
  type LossDescriptor,
  type OpenSetLoss,
  suitableStrength,
} from '@openset/core';
import {
  biasedSampleOptions,
  SampleToSampleLoss,
  type SampleToSampleOptions,
} from './sample-to-sample-loss.ts';

/** The descriptor of `UssLoss`. */
export const ussDescriptor = {
  name: 'UssLoss',
  package: '@openset/uss',
  summary: 'USS: samples against samples in memory, with a unified threshold between two embeddings',
  use: 'after another loss, or with a network that spreads its embeddings',
  source: 'UniTSFace, NeurIPS 2023, arXiv 2311.02523, eq. 11 and 24',
  threshold: 'embeddings',
  hasClassWeights: false,
  words: {
    uss: { options: (numIdentities) => ({ scale: suitableStrength(numIdentities).scale, margin: 0.1 }) },
  },
  options: biasedSampleOptions,
  create: (options: SampleToSampleOptions): OpenSetLoss => new UssLoss(options),
  conformance: [
    { options: { scale: 16 } },
    { name: 'bias with a given start', options: { scale: 16, biasInit: 5 } },
  ],
  fixtures: { uss: ({ scale, margin }) => ({ scale, margin }) },
} as const satisfies LossDescriptor;

/**
 * USS, the unified threshold integrated sample-to-sample loss (UniTSFace eq. 11, with the margin of eq. 24):
 *
 * `softplus(b − γ (g_y − m)) + Σ_{j≠y} softplus(γ g_j − b)`, `g_j` the cosine of the embedding with the sample
 * of class j in memory. `t = b / γ` is the learned threshold between two embeddings.
 */
export class UssLoss extends SampleToSampleLoss {
  constructor(options: SampleToSampleOptions) {
    super(ussDescriptor, options, 1);
  }

  /** `b / γ`, between two embeddings; null until the bias has started, where it starts from the data. */
  override threshold(): LearnedThreshold | null {
    const bias = this.bias?.dataSync()[0] as number;
    if (this.biasFromData && bias <= 0) return null;
    return { cosine: bias / (this.bankOptions.scale as number), between: 'embeddings' };
  }
}
