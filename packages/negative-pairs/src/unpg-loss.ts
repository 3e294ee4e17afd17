import {
  type BatchInputs,
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  describeLoss,
  eitherMarginOption,
  type LossContext,
  marginOfType,
  marginTypeOption,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  softmaxCriterion,
  suitableStrength,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { differentPairs, readPairs, selectNegativePairs } from './select-negative-pairs.ts';

/** Options of `UnpgLoss`. */
export interface UnpgLossOptions extends ClassWeightsLossOptions {
  /** s, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m, at least 0: of a cosine, or an angle in radians; default 0.4. */
  readonly margin?: number;
  /** Kind of the margin: `'cosine'` (default, over CosFace) or `'angular'` (over ArcFace). */
  readonly marginType?: 'cosine' | 'angular';
  /** ω, at least 0: pairs beyond the quartiles by more than ω times their distance are left out; default 1.5. */
  readonly whisker?: number;
}

/** The descriptor of `UnpgLoss`. */
export const unpgDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'UnpgLoss',
  package: '@openset/negative-pairs',
  summary: 'UNPG: CosFace or ArcFace whose negatives include the pairs of different people in the batch',
  use: 'for verification, with large batches',
  source: 'Jung et al. 2022 (CVPR Workshops), arXiv 2203.11593; models/ in its code',
  threshold: null,
  hasClassWeights: true,
  words: { unpg: { options: (numIdentities) => suitableStrength(numIdentities) } },
  options: {
    scale: scaleOption,
    margin: { ...eitherMarginOption, default: 0.4 },
    marginType: marginTypeOption,
    whisker: {
      type: 'number',
      minimum: 0,
      default: 1.5,
      symbol: 'ω',
      description: 'how far beyond their quartiles the cosines of pairs may lie, in quartile distances',
    },
    ...classWeightsLossOptions,
  },
  create: (options: UnpgLossOptions): OpenSetLoss => new UnpgLoss(options),
  conformance: [
    { options: { scale: 16, whisker: 0.3 }, stopsGradients: true },
    { name: 'all pairs', options: { scale: 16, whisker: 100 } },
    { name: 'angular', options: { scale: 16, whisker: 100, marginType: 'angular' } },
  ],
  fixtures: {
    'unpg-cosface': (config) => config,
    'unpg-arcface': (config) => ({ ...config, marginType: 'angular' }),
  },
}));

/**
 * Unified negative pair generation (UNPG, Jung et al. 2022, arXiv 2203.11593): softmax cross-entropy with a margin, in which each
 * sample's negatives are the other classes and all pairs of different people in the batch, without those that are far too easy
 * or far too hard. Mean over the batch. A batch of one class has no such pair; the loss is then that of CosFace or ArcFace.
 */
export class UnpgLoss extends ClassWeightsLoss {
  private readonly whisker: number;

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: UnpgLossOptions) {
    const { scale, margin, marginType, whisker } = resolveLossOptions(unpgDescriptor, options);
    const margins = [marginOfType(marginType, margin)];
    super('UnpgLoss', options, { criterion: softmaxCriterion, scale, margins }, null);
    this.whisker = whisker;
  }

  protected override batchInputs(embeddings: tf.Tensor2D, labels: tf.Tensor1D): BatchInputs {
    return { outsideNegatives: selectNegativePairs(embeddings, labels, this.whisker) };
  }

  /**
   * Returns `extraNegatives`: the cosines of the pairs that count, in ascending order; and `negativePairs`: the number of pairs of
   * different people in the batch.
   */
  async inspect(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D,
    context?: LossContext,
  ): Promise<{ extraNegatives: number[]; negativePairs: number[] }> {
    const measure = (checked: tf.Tensor1D) => ({
      rows: embeddings,
      pairs: selectNegativePairs(embeddings, checked, this.whisker),
      different: tf.sum(tf.cast(differentPairs(checked), 'int32')),
    });
    const { rows, pairs, different } = await this.readFromBatch(embeddings, labels, context, measure);
    const extraNegatives = readPairs(pairs, rows, embeddings.shape[0]).sort((a, b) => a - b);
    return { extraNegatives, negativePairs: [...different] };
  }
}
