import type { OptionDescriptors } from './loss-descriptor.ts';

/** The names of the options that data and network decide, not the user. */
export const sizeOptions = ['numClasses', 'embeddingSize', 'seed'] as const;

/** Options that every loss over a bank of class vectors has; spread them into the `options` of a descriptor. */
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
    defaultText: 'chosen by memory',
    description: 'classes held at a time; the result does not depend on it',
  },
} as const satisfies OptionDescriptors;

/** The factor of the cosines, with the papers' default. */
export const scaleOption = {
  type: 'number',
  above: 0,
  default: 64,
  symbol: 's',
  description: 'factor of the cosines',
} as const;

/** A margin between cosines; add the default. */
export const cosineMarginOption = {
  type: 'number',
  symbol: 'm',
  description: 'margin subtracted from the cosine of the own class',
} as const;

/** The gradient of an angular margin; add the default. */
export const marginGradientOption = {
  type: 'choice',
  choices: ['exact', 'detached'],
  description: 'gradient of the angular margin; `detached` is that of the plain cosine',
} as const;

/** The branch of an angular margin; add the default. */
export const marginBranchOption = {
  type: 'choice',
  choices: ['easy', 'linear', 'none'],
  description: 'behaviour where the cosine stops being monotonic in the angle',
} as const;

/** The limit of the logits of BCE losses. */
export const logitClipOption = {
  type: 'number',
  minimum: 0,
  defaultText: 'none',
  description: 'clips the logits to ± this, with no gradient outside',
} as const;

/** The weight of the negative terms of BCE losses. */
export const negativeWeightOption = {
  type: 'number',
  minimum: 0,
  default: 1,
  symbol: 'λ',
  description: 'weight of the negative terms',
} as const;

/** Number of identities at which we switch to the papers' scale and margin; their data have ten thousand and more. */
const manyIdentities = 5000;

/** Returns the scale, and the cosine margin between embedding and class weight, that suit a number of identities. */
export function suitableStrength(numIdentities: number): { readonly scale: number; readonly margin: number } {
  return numIdentities < manyIdentities ? { scale: 32, margin: 0.2 } : { scale: 64, margin: 0.4 };
}
