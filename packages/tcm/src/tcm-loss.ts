import {
  type BankLossOptions,
  bankLossOptions,
  describeLoss,
  type LossContext,
  type LossStep,
  makeStep,
  type OpenSetLoss,
  pairCosines,
  resolveLossOptions,
  StatefulLoss,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { findHardPairs, marginLossOfPairs, type PairMargins } from './hard-pairs.ts';

/** Options of `TcmLoss`. The defaults are those of pytorch-metric-learning. */
export interface TcmLossOptions extends BankLossOptions {
  /** Weight of the pairs of the same class, at least 0; default 1. */
  readonly positiveWeight?: number;
  /** Weight of the pairs of different classes, at least 0; default 1. */
  readonly negativeWeight?: number;
  /** m⁺ in `[−1, 1]`: pairs of the same class with at most this cosine count; default 0.9. */
  readonly positiveMargin?: number;
  /** m⁻ in `[−1, 1]`: pairs of different classes with at least this cosine count; default 0.5. */
  readonly negativeMargin?: number;
}

const weight = { type: 'number', minimum: 0, default: 1 } as const;
const margin = { type: 'number', minimum: -1, maximum: 1 } as const;

/** The descriptor of `TcmLoss`. */
export const tcmDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'TcmLoss',
  package: '@openset/tcm',
  summary:
    'TCM: a regularizer that moves hard pairs past two fixed cosines, so that one threshold suits all classes',
  use: 'in a CombinedLoss beside a loss over class weights',
  source:
    'Zhang et al. 2024 (ICLR), arXiv 2307.04047; ThresholdConsistentMarginLoss of pytorch-metric-learning',
  threshold: null,
  hasClassWeights: false,
  words: {},
  options: {
    positiveWeight: { ...weight, description: 'weight of the pairs of the same class' },
    negativeWeight: { ...weight, description: 'weight of the pairs of different classes' },
    positiveMargin: {
      ...margin,
      default: 0.9,
      symbol: 'm⁺',
      description: 'largest cosine at which a pair of the same class counts',
    },
    negativeMargin: {
      ...margin,
      default: 0.5,
      symbol: 'm⁻',
      description: 'smallest cosine at which a pair of different classes counts',
    },
    ...bankLossOptions,
  },
  create: (options: TcmLossOptions): OpenSetLoss => new TcmLoss(options),
  conformance: [
    { options: { negativeMargin: 0.2 }, stopsGradients: true },
    { name: 'many negatives', options: { negativeMargin: -0.2 } },
  ],
  fixtures: { tcm: (config) => config },
}));

/**
 * Threshold-consistent margin (Zhang et al. 2024, arXiv 2307.04047): over the ordered pairs of the batch,
 * `w⁺ · mean(m⁺ − cos)` of those of the same class with `cos ≤ m⁺`, plus `w⁻ · mean(cos − m⁻)` of those of different classes with
 * `cos ≥ m⁻`. An empty set counts 0. It has no class weights and no state, and it is one value for the batch.
 */
export class TcmLoss extends StatefulLoss {
  private readonly settings: PairMargins;

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: TcmLossOptions) {
    const resolved = resolveLossOptions(tcmDescriptor, options);
    super('TcmLoss', options);
    this.settings = resolved;
  }

  forward(embeddings: tf.Tensor2D, labels: tf.Tensor1D | tf.Tensor2D, context?: LossContext): LossStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    return makeStep(() => ({ loss: marginLossOfPairs(embeddings, checked, this.settings) }));
  }

  /** Returns `hardPositivePairs` and `hardNegativePairs`: how many ordered pairs of the batch count. */
  async inspect(embeddings: tf.Tensor2D, labels: tf.Tensor1D, context?: LossContext) {
    return this.readFromBatch(embeddings, labels, context, (checked) => {
      const { positive, negative } = findHardPairs(pairCosines(embeddings), checked, this.settings);
      return { hardPositivePairs: tf.sum(positive), hardNegativePairs: tf.sum(negative) };
    });
  }
}
