import {
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  describeLoss,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  softmaxCriterion,
} from '@openset/core';

type ScaledLossOptions = ClassWeightsLossOptions & { readonly scale?: number };

/** Descriptor of `ScaledLoss`, as a module for `--loss` exports it. */
export const scaledDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'ScaledLoss',
  package: 'nowhere',
  summary: 'softmax over scaled cosines',
  use: 'in tests',
  source: 'this file',
  threshold: null,
  hasClassWeights: true,
  words: { scaled: { options: () => ({ scale: 12 }) } },
  options: { scale: scaleOption, ...classWeightsLossOptions },
  create: (options: ScaledLossOptions): OpenSetLoss => new ScaledLoss(options),
  conformance: [],
}));

/** A loss for tests of `--loss MODULE#EXPORT`. */
export class ScaledLoss extends ClassWeightsLoss {
  constructor(options: ScaledLossOptions) {
    const { scale } = resolveLossOptions(scaledDescriptor, options);
    super('ScaledLoss', options, { criterion: softmaxCriterion, scale }, null);
  }
}

/** A class whose name no descriptor has. */
export class ScaledLos {}

/** A descriptor that creates another class. */
export const wrongDescriptor = { ...scaledDescriptor, name: 'WrongLoss' };

/** A descriptor with the name of a loss of openset. */
export const takenDescriptor = { ...scaledDescriptor, name: 'CosFaceLoss' };
