import {
  type BankLossOptions,
  bankLossOptions,
  ClassWeightsLoss,
  type LossDescriptor,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
} from '@openset/core';

type ScaledLossOptions = BankLossOptions & { readonly scale?: number };

/** A descriptor beside its class, as a module for `--loss` has it. */
export const scaledDescriptor = {
  name: 'ScaledLoss',
  package: 'nowhere',
  summary: 'softmax over scaled cosines',
  use: 'in tests',
  source: 'this file',
  threshold: null,
  hasClassWeights: true,
  words: { scaled: { options: () => ({ scale: 12 }) } },
  options: { scale: scaleOption, ...bankLossOptions },
  create: (options: ScaledLossOptions): OpenSetLoss => new ScaledLoss(options),
  conformance: [],
} as const satisfies LossDescriptor;

/** Its class. */
export class ScaledLoss extends ClassWeightsLoss {
  constructor(options: ScaledLossOptions) {
    const { scale } = resolveLossOptions(scaledDescriptor, options);
    super('ScaledLoss', options, { criterion: 'softmax', scale }, null);
  }
}

/** A class without a descriptor of its name. */
export class ScaledLos {}

/** A descriptor that makes another class. */
export const wrongDescriptor = { ...scaledDescriptor, name: 'WrongLoss' };

/** A descriptor with the name of a loss of openset. */
export const takenDescriptor = { ...scaledDescriptor, name: 'CosFaceLoss' };
