import {
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  describeLoss,
  labelSmoothingOption,
  normalizedOption,
  type OpenSetLoss,
  resolveLossOptions,
  similarityScaleOption,
  softmaxCriterion,
  suitableStrength,
} from '@openset/core';
import { zeros } from '@tensorflow/tfjs-core';

/** Options of `SoftmaxLoss`. */
export interface SoftmaxLossOptions extends ClassWeightsLossOptions {
  /** `true` (default): logits are cosines times `scale` (NormFace). `false`: logits are `W·x − b`, ordinary classification. */
  readonly normalized?: boolean;
  /** s or γ, the factor of the similarities, above 0; default 64 if `normalized`, else 1. */
  readonly scale?: number;
  /** `'none'` (default), or `'diverse'`: one bias per class. A single bias would cancel in the softmax. */
  readonly bias?: 'none' | 'diverse';
  /** ε in `[0, 1]`: targets become `(1 − ε) t + ε / numClasses`; default 0. */
  readonly labelSmoothing?: number;
}

/** The descriptor of `SoftmaxLoss`. */
export const softmaxDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'SoftmaxLoss',
  package: '@openset/margin',
  summary: 'softmax without a margin: NormFace, or ordinary classification',
  use: 'as a baseline',
  source: 'NormFace, Wang et al. 2017, arXiv 1704.06369',
  threshold: null,
  hasClassWeights: true,
  words: { softmax: { options: (numIdentities) => ({ scale: suitableStrength(numIdentities).scale }) } },
  options: {
    normalized: normalizedOption,
    scale: similarityScaleOption,
    bias: {
      type: 'choice',
      choices: ['none', 'diverse'],
      default: 'none',
      symbol: 'b',
      description: 'no bias, or one per class; a single bias would cancel in the softmax',
    },
    labelSmoothing: labelSmoothingOption,
    ...classWeightsLossOptions,
  },
  create: (options: SoftmaxLossOptions): OpenSetLoss => new SoftmaxLoss(options),
  conformance: [
    { options: { scale: 16 } },
    {
      name: 'W·x − b',
      options: { normalized: false, bias: 'diverse', labelSmoothing: 0.1 },
      normalized: false,
    },
  ],
}));

/**
 * Softmax cross-entropy without a margin, mean over the batch. With cosines it is NormFace (Wang et al. 2017, arXiv
 * 1704.06369). With `normalized: false` it is ordinary classification, the baseline of the BCE paper (arXiv 2403.07289).
 * Accepts soft targets `[batch, numClasses]`. Learns no threshold.
 */
export class SoftmaxLoss extends ClassWeightsLoss {
  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: SoftmaxLossOptions) {
    const {
      normalized,
      scale = normalized ? 64 : 1,
      bias,
      labelSmoothing,
    } = resolveLossOptions(softmaxDescriptor, options);
    super(
      'SoftmaxLoss',
      options,
      { criterion: softmaxCriterion, similarity: normalized ? 'cosine' : 'dot', scale, labelSmoothing },
      bias === 'diverse' ? () => zeros([options.numClasses]) : null,
    );
  }
}
