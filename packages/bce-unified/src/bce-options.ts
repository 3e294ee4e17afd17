import {
  type BankOptions,
  bceCriterion,
  type ClassWeightsLossOptions,
  cosineMargin,
  labelSmoothingOption,
  logitClipOption,
  negativeWeightOption,
  normalizedOption,
  type OptionDescriptors,
  similarityScaleOption,
} from '@openset/core';

/** Options that the losses of this package share. */
export interface BceOptions extends ClassWeightsLossOptions {
  /** `true` (default): logits are cosines times `scale`. `false`: logits are `W·x − b`, as in the BCE paper. */
  readonly normalized?: boolean;
  /** s or γ, the factor of the similarities, above 0; default 64 if `normalized`, else 1. */
  readonly scale?: number;
  /** m, at least 0, subtracted from the similarity to the target class; default 0.4 if `normalized` (official code), else 0. */
  readonly margin?: number;
  /** λ, at least 0, weight of the negative terms; default 1. Most of UniFace's runs use 0.7. */
  readonly negativeWeight?: number;
  /** ε in `[0, 1]`: targets become `(1 − ε) t + ε / numClasses`; default 0. */
  readonly labelSmoothing?: number;
  /**
   * Clips logits to ± this value, without a gradient outside; default: no clipping. The official code clips at ± scale, or
   * at ± 256 if not normalised, to guard its exponentials. Here nothing overflows without it.
   */
  readonly logitClip?: number;
}

/** `BceOptions` with the defaults of `resolveLossOptions`. */
type ResolvedBceOptions = BceOptions &
  Required<Pick<BceOptions, 'normalized' | 'negativeWeight' | 'labelSmoothing'>>;

/** Descriptors of `BceOptions`, without those of `ClassWeightsLossOptions`. */
export const bceOptions = {
  normalized: normalizedOption,
  scale: { ...similarityScaleOption, symbol: 's, γ' },
  margin: {
    type: 'number',
    symbol: 'm',
    defaultText: '0.4; 0 if not normalised',
    description: 'margin subtracted from the similarity to the target class; 0 in the BCE paper',
  },
  negativeWeight: negativeWeightOption,
  labelSmoothing: labelSmoothingOption,
  logitClip: logitClipOption,
} as const satisfies OptionDescriptors;

/** Returns the bank options of core for resolved options of a loss of this package. */
export function bceBankOptions({
  normalized,
  scale = normalized ? 64 : 1,
  margin = normalized ? 0.4 : 0,
  negativeWeight,
  labelSmoothing,
  logitClip,
}: ResolvedBceOptions): BankOptions {
  return {
    criterion: bceCriterion,
    similarity: normalized ? 'cosine' : 'dot',
    scale,
    margins: margin === 0 ? [] : [cosineMargin(margin)],
    negativeWeight,
    labelSmoothing,
    logitClip,
  };
}
