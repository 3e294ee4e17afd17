import {
  type BankLossOptions,
  bankLossOptions,
  ClassWeightsLoss,
  type ConformanceCase,
  createLoss,
  type LossDescriptor,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
} from '@openset/core';
import type { LossConformanceOptions, LossSizes } from './conformance-setup.ts';

/** The descriptor of the softmax loss that stands in for nested losses: losses never import each other. */
export const plainClassDescriptor = {
  name: 'PlainClassLoss',
  package: '@openset/testkit',
  summary: 'softmax over class weights',
  use: 'in tests, as the class loss of another loss',
  source: 'this project',
  threshold: null,
  hasClassWeights: true,
  words: {},
  options: { ...bankLossOptions, scale: { ...scaleOption, default: 16 } },
  create: (options: PlainClassLossOptions): OpenSetLoss => new PlainClassLoss(options),
  conformance: [],
} as const satisfies LossDescriptor;

interface PlainClassLossOptions extends BankLossOptions {
  readonly scale?: number;
}

class PlainClassLoss extends ClassWeightsLoss {
  constructor(options: PlainClassLossOptions) {
    const { scale } = resolveLossOptions(plainClassDescriptor, options);
    super(plainClassDescriptor.name, options, { criterion: 'softmax', scale }, null);
  }
}

/** Makes the loss of a conformance case; a nested loss that the case does not give is a plain softmax loss. */
export function makeConformanceLoss(
  descriptor: LossDescriptor,
  { options }: Pick<ConformanceCase, 'options'>,
  sizes: LossSizes,
): OpenSetLoss {
  const config = { ...nestedPlainLosses(descriptor), ...options, loss: descriptor.name };
  return createLoss(config, [descriptor, plainClassDescriptor], sizes);
}

/** Returns the configuration of a plain loss for every option that takes a loss. */
export function nestedPlainLosses({ options }: LossDescriptor): Readonly<Record<string, object>> {
  const nested = Object.entries(options).filter(([, { type }]) => type === 'loss');
  return Object.fromEntries(nested.map(([key]) => [key, { loss: plainClassDescriptor.name }]));
}

/** Returns how the suite has to treat a conformance case. */
export function caseOptions({ epoch, normalized = true }: ConformanceCase): LossConformanceOptions {
  return { normalized, ...(epoch === undefined ? {} : { context: { epoch } }) };
}
