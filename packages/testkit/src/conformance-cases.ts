import {
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  type ConformanceCase,
  classWeightsLossOptions,
  createLoss,
  describeLoss,
  type LossDescriptor,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  softmaxCriterion,
} from '@openset/core';
import type { LossConformanceOptions, LossSizes } from './conformance-setup.ts';

/** Descriptor of a softmax loss that the suite nests in other losses, because loss packages never import each other. */
export const plainClassDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'PlainClassLoss',
  package: '@openset/testkit',
  summary: 'softmax over class weights',
  use: 'in tests, as a nested loss',
  source: 'this project',
  threshold: null,
  hasClassWeights: true,
  words: {},
  options: { ...classWeightsLossOptions, scale: { ...scaleOption, default: 16 } },
  create: (options: PlainClassLossOptions): OpenSetLoss => new PlainClassLoss(options),
  conformance: [],
}));

interface PlainClassLossOptions extends ClassWeightsLossOptions {
  readonly scale?: number;
}

class PlainClassLoss extends ClassWeightsLoss {
  constructor(options: PlainClassLossOptions) {
    const { scale } = resolveLossOptions(plainClassDescriptor, options);
    super(plainClassDescriptor.name, options, { criterion: softmaxCriterion, scale }, null);
  }
}

/** Creates the loss of a conformance case. Required nested losses that the case omits are plain softmax losses. */
export function makeConformanceLoss(
  descriptor: LossDescriptor,
  { options }: Pick<ConformanceCase, 'options'>,
  sizes: LossSizes,
): OpenSetLoss {
  const config = { ...nestedPlainLosses(descriptor), ...options, loss: descriptor.name };
  return createLoss(config, [descriptor, plainClassDescriptor], sizes);
}

/** Returns the configuration of a plain softmax loss for each required option of type `'loss'`. */
export function nestedPlainLosses({ options }: LossDescriptor): Readonly<Record<string, object>> {
  const nested = Object.entries(options).filter(([, { type, required }]) => type === 'loss' && required);
  return Object.fromEntries(nested.map(([key]) => [key, { loss: plainClassDescriptor.name }]));
}

/** Returns the options of the suite for a conformance case. */
export function caseOptions({
  epoch,
  normalized = true,
  smallestBatch = 1,
}: ConformanceCase): LossConformanceOptions {
  return { normalized, smallestBatch, ...(epoch === undefined ? {} : { context: { epoch } }) };
}
