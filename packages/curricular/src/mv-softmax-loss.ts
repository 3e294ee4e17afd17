import {
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  describeLoss,
  eitherMarginOption,
  hardNegativesMap,
  marginOfType,
  marginTypeOption,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  softmaxCriterion,
  suitableStrength,
} from '@openset/core';

/** Options of `MvSoftmaxLoss`. */
export interface MvSoftmaxLossOptions extends ClassWeightsLossOptions {
  /** s, the factor of the cosines, above 0; default 32. */
  readonly scale?: number;
  /** m, at least 0: of a cosine, or an angle in radians; default 0.35. */
  readonly margin?: number;
  /** Kind of the margin: `'cosine'` (default, MV-AM-Softmax) or `'angular'` (MV-Arc-Softmax). */
  readonly marginType?: 'cosine' | 'angular';
  /** t, at least 0: how much hard negatives are stressed; 0 is CosFace or ArcFace; default 0.2. */
  readonly hardness?: number;
  /** `'adaptive'` (default): hard negatives become `(t + 1) c + t`. `'fixed'`: `c + t`. */
  readonly emphasis?: 'adaptive' | 'fixed';
}

/** The descriptor of `MvSoftmaxLoss`. */
export const mvSoftmaxDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'MvSoftmaxLoss',
  package: '@openset/curricular',
  summary: 'MV-Softmax: CosFace or ArcFace that stresses hard negatives',
  use: 'for large sets with clean labels',
  source: 'Wang et al. 2020, arXiv 1912.00833, eq. 6–9',
  threshold: null,
  hasClassWeights: true,
  words: { 'mv-softmax': { options: (numIdentities) => suitableStrength(numIdentities) } },
  options: {
    scale: { ...scaleOption, default: 32 },
    margin: { ...eitherMarginOption, default: 0.35 },
    marginType: marginTypeOption,
    hardness: {
      type: 'number',
      minimum: 0,
      default: 0.2,
      symbol: 't',
      description: 'how much hard negatives are stressed; 0: not at all',
    },
    emphasis: {
      type: 'choice',
      choices: ['adaptive', 'fixed'],
      default: 'adaptive',
      description: 'what hard negatives become: `(t + 1) c + t`, or `c + t`',
    },
    ...classWeightsLossOptions,
  },
  create: (options: MvSoftmaxLossOptions): OpenSetLoss => new MvSoftmaxLoss(options),
  conformance: [
    { options: { scale: 16 } },
    { name: 'fixed, angular', options: { scale: 16, emphasis: 'fixed', marginType: 'angular' } },
  ],
}));

/**
 * Mis-classified vector guided softmax (Wang et al. 2020, arXiv 1912.00833): softmax cross-entropy with a margin, where a negative
 * whose cosine exceeds the positive one with its margin is raised, to `(t + 1) c + t` or `c + t`. Mean over the batch.
 */
export class MvSoftmaxLoss extends ClassWeightsLoss {
  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: MvSoftmaxLossOptions) {
    const { scale, margin, marginType, hardness, emphasis } = resolveLossOptions(
      mvSoftmaxDescriptor,
      options,
    );
    const factor = emphasis === 'adaptive' ? hardness + 1 : 1;
    super(
      'MvSoftmaxLoss',
      options,
      {
        criterion: softmaxCriterion,
        scale,
        margins: [marginOfType(marginType, margin)],
        similarityMap: hardNegativesMap({ factor, offset: hardness }),
      },
      null,
    );
  }
}
