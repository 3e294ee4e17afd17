import type { LearnedThreshold } from '@openset/core';
import { SampleToSampleLoss, type SampleToSampleOptions } from './sample-to-sample-loss.ts';

/**
 * USS, the unified threshold integrated sample-to-sample loss (UniTSFace eq. 11, with the margin of eq. 24):
 *
 * `softplus(b − γ (g_y − m)) + Σ_{j≠y} softplus(γ g_j − b)`, `g_j` the cosine of the embedding with the sample
 * of class j in memory. `t = b / γ` is the learned threshold between two embeddings.
 */
export class UssLoss extends SampleToSampleLoss {
  constructor(options: SampleToSampleOptions) {
    super('UssLoss', options, 1);
  }

  /** `b / γ`, between two embeddings; null until the bias has started, where it starts from the data. */
  override threshold(): LearnedThreshold | null {
    const bias = this.bias?.dataSync()[0] as number;
    if (this.biasFromData && bias <= 0) return null;
    return { cosine: bias / (this.bankOptions.scale as number), between: 'embeddings' };
  }
}
