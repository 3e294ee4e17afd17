import type { OptionDescriptors } from './loss-descriptor.ts';

/** Names of the options that follow from data, network and run; configuration files do not contain them. */
export const sizeOptions = ['numClasses', 'embeddingSize', 'seed'] as const;

/** Descriptors of `BankLossOptions`, which every loss over a bank shares; spread them into `options` of a descriptor. */
export const bankLossOptions = {
  numClasses: {
    type: 'number',
    integer: true,
    minimum: 1,
    required: true,
    symbol: 'N',
    description: 'number of classes',
  },
  embeddingSize: {
    type: 'number',
    integer: true,
    minimum: 1,
    required: true,
    symbol: 'd',
    description: 'length of an embedding',
  },
  seed: { type: 'number', integer: true, default: 0, description: 'seed of the initial values' },
  blockSize: {
    type: 'number',
    integer: true,
    minimum: 1,
    defaultText: 'blocks of 1 MB',
    description: 'number of classes computed at a time; does not change the result',
  },
} as const satisfies OptionDescriptors;

/** Descriptors of `ClassWeightsLossOptions`, which every loss over class weights shares. */
export const classWeightsLossOptions = {
  negativeSampleRate: {
    type: 'number',
    above: 0,
    maximum: 1,
    default: 1,
    symbol: 'r',
    description: 'share of the classes that a batch uses: those of its labels and random others (Partial FC)',
  },
  interclassFilteringThreshold: {
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0,
    description: 'other classes with a larger cosine count as 0, without a gradient (Partial FC); 0: off',
  },
  ...bankLossOptions,
} as const satisfies OptionDescriptors;

/** Descriptor of `scale`, the factor of the cosines, with the papers' default of 64. */
export const scaleOption = {
  type: 'number',
  above: 0,
  default: 64,
  symbol: 's',
  description: 'factor of the cosines',
} as const;

/** Descriptor of a margin on the cosine; add `default`. */
export const cosineMarginOption = {
  type: 'number',
  symbol: 'm',
  description: 'margin subtracted from the cosine to the target class',
} as const;

/** Descriptor of a margin on the angle, in `[0, π]`; add `default`. */
export const angularMarginOption = {
  type: 'number',
  minimum: 0,
  maximum: Math.PI,
  symbol: 'm',
  description: 'margin in radians, added to the angle to the target class',
} as const;

/** Descriptor of a margin on the cosine or on the angle, as `marginType` says; add `default`. */
export const eitherMarginOption = {
  type: 'number',
  minimum: 0,
  symbol: 'm',
  description: 'margin of the target class',
} as const;

/** Descriptor of `marginType` of losses over CosFace or ArcFace. */
export const marginTypeOption = {
  type: 'choice',
  choices: ['cosine', 'angular'],
  default: 'cosine',
  description: 'kind of the margin; an angle is in radians',
} as const;

/** Descriptor of the share of a batch in the running statistics of a loss. */
export const statisticsMomentumOption = {
  type: 'number',
  minimum: 0,
  maximum: 1,
  default: 0.01,
  symbol: 'α',
  description: 'share of a batch in the running statistics',
} as const;

/** Descriptor of `AngularMargin.gradient`; add `default`. */
export const marginGradientOption = {
  type: 'choice',
  choices: ['exact', 'detached'],
  description: 'gradient of the angular margin; `detached`: the gradient of the plain cosine',
} as const;

/** Descriptor of `AngularMargin.branch`; add `default`. */
export const marginBranchOption = {
  type: 'choice',
  choices: ['easy', 'linear', 'continuous', 'none'],
  description: 'behaviour where the cosine stops being monotonic in the angle',
} as const;

/** Descriptor of `logitClip` of BCE losses. */
export const logitClipOption = {
  type: 'number',
  minimum: 0,
  defaultText: 'none',
  description: 'clips logits to ± this value, without a gradient outside',
} as const;

/** Descriptor of `negativeWeight` of BCE losses. */
export const negativeWeightOption = {
  type: 'number',
  minimum: 0,
  default: 1,
  symbol: 'λ',
  description: 'weight of the negative terms',
} as const;

/** Number of identities at which we switch to the papers' scale and margin. Their data have ten thousand or more. */
const manyIdentities = 5000;

/** Returns a scale, and a cosine margin between embedding and class weight, that suit a number of identities. */
export function suitableStrength(numIdentities: number): { readonly scale: number; readonly margin: number } {
  return numIdentities < manyIdentities ? { scale: 32, margin: 0.2 } : { scale: 64, margin: 0.4 };
}

/** Option `normalized` of losses that can also classify without normalisation. */
export const normalizedOption = {
  type: 'boolean',
  default: true,
  description: '`true`: logits are cosines times `scale`; `false`: logits are `W·x − b`',
} as const;

/** Option `scale` of these losses. */
export const similarityScaleOption = {
  type: 'number',
  above: 0,
  symbol: 's',
  defaultText: '64; 1 if not normalised',
  description: 'factor of the similarities',
} as const;

/** Option `labelSmoothing`, ε. */
export const labelSmoothingOption = {
  type: 'number',
  minimum: 0,
  maximum: 1,
  default: 0,
  symbol: 'ε',
  description: 'targets become `(1 − ε) t + ε / N`',
} as const;
