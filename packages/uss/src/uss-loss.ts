import {
  bceCriterion,
  describeLoss,
  type LearnedThreshold,
  type OpenSetLoss,
  suitableStrength,
  unifiedThreshold,
} from '@openset/core';
import type { Variable } from '@tensorflow/tfjs-core';
import {
  biasedSampleOptions,
  SampleToSampleLoss,
  type SampleToSampleOptions,
} from './sample-to-sample-loss.ts';

/** The descriptor of `UssLoss`. */
export const ussDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'UssLoss',
  package: '@openset/uss',
  summary: 'USS: compares samples with a memory of samples, with a unified threshold between two embeddings',
  use: 'to fine-tune after another loss, or with a network whose embeddings already differ',
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
    { name: 'fixed initial bias', options: { scale: 16, biasInit: 5 } },
  ],
  fixtures: { uss: ({ scale, margin }) => ({ scale, margin }) },
}));

/**
 * USS, the unified threshold integrated sample-to-sample loss (UniTSFace, arXiv 2311.02523, eq. 11, with the margin of
 * eq. 24):
 *
 * `softplus(b − γ (g_y − m)) + Σ_{j≠y} softplus(γ g_j − b)`, mean over the batch.
 *
 * `g_j` is the cosine of the embedding with the stored sample of class j. `t = b / γ` is the learned threshold between two
 * embeddings.
 */
export class UssLoss extends SampleToSampleLoss {
  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: SampleToSampleOptions) {
    super(ussDescriptor, options, bceCriterion, 1);
  }

  /**
   * Returns `b / γ`, a cosine between two embeddings; null while `biasInit: 'data'` has not started the bias. It answers a
   * search among all N training identities: a scored embedding is compared with one stored sample of its own class and
   * `N − 1` of others, once each class has a sample. `pairThreshold` of core converts it to other questions.
   */
  override threshold(): LearnedThreshold | null {
    const learned = unifiedThreshold(this.bias as Variable, {
      scale: this.bankOptions.scale as number,
      between: 'embeddings',
      comparisons: this.numClasses - 1,
    });
    return this.biasFromData && learned.cosine <= 0 ? null : learned;
  }
}
