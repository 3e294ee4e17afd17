import type { CombinedPart } from './combined-loss.ts';
import type { LossConfig, OpenSetLoss } from './contract.ts';
import { ConfigError } from './errors.ts';
import { findDescriptor, isLossConfig, type LossDescriptor } from './loss-descriptor.ts';
import type { BankLossOptions } from './stateful-loss.ts';

/** Sizes and seed of a loss and of all losses nested in it. They override those of the configuration. */
export type LossSizes = Partial<Pick<BankLossOptions, 'numClasses' | 'embeddingSize' | 'seed' | 'blockSize'>>;

/**
 * Creates a loss from its configuration, together with the losses nested in it. `createLoss(loss.getConfig(), descriptors)`
 * builds an equal loss, with initial values.
 *
 * @param descriptors descriptors of all losses that the configuration names
 * @throws ConfigError for a loss without a descriptor, an invalid option, or a descriptor that creates another class. No
 *   tensors remain.
 * @example
 * import { createLoss } from '@openset/core';
 * import { CosFaceLoss, cosFaceDescriptor } from '@openset/margin';
 * import { UniTSFaceLoss, uniTSFaceDescriptor } from '@openset/uss';
 * import '@tensorflow/tfjs';
 *
 * const sizes = { numClasses: 10, embeddingSize: 8 };
 * const loss = new UniTSFaceLoss({ ...sizes, classLoss: new CosFaceLoss(sizes) });
 * const copy = createLoss(loss.getConfig(), [uniTSFaceDescriptor, cosFaceDescriptor]);
 */
export function createLoss(
  config: LossConfig,
  descriptors: readonly LossDescriptor[],
  sizes: LossSizes = {},
): OpenSetLoss {
  const { loss: name, ...given } = config;
  const descriptor = findDescriptor(name, descriptors);
  const nested: OpenSetLoss[] = [];
  const build = (value: unknown): unknown => {
    if (!isLossConfig(value)) return value;
    const loss = createLoss(value, descriptors, sizes);
    nested.push(loss);
    return loss;
  };
  try {
    // In the order of the descriptor, so that equal configurations give equal bytes in files.
    const keys = new Set([...Object.keys(descriptor.options), ...Object.keys(given)]);
    const entries = [...keys].filter((key) => key in given).map((key) => [key, given[key]] as const);
    const options: Record<string, unknown> = Object.fromEntries(entries);
    for (const [key, { type }] of Object.entries(descriptor.options)) {
      if (type === 'loss') options[key] = build(options[key]);
      if (type === 'parts') options[key] = mapParts(options[key], build);
    }
    for (const [key, value] of Object.entries(sizes)) {
      if (key in descriptor.options && value !== undefined) options[key] = value;
    }
    const loss = descriptor.create(options as never);
    if (loss.name === descriptor.name) return loss;
    loss.dispose();
    throw new ConfigError(
      `The descriptor of '${descriptor.name}' creates a loss named '${loss.name}'. Give class and descriptor the same name.`,
    );
  } catch (error) {
    for (const loss of nested) loss.dispose();
    throw error;
  }
}

/** Applies `build` to the loss of each part: the part itself, or its property `loss`. */
function mapParts(parts: unknown, build: (value: unknown) => unknown): unknown {
  if (typeof parts !== 'object' || parts === null) return parts;
  const entries = Object.entries(parts as Record<string, OpenSetLoss | CombinedPart>).map(([key, part]) => {
    const isPart = 'loss' in part && typeof part.loss !== 'string';
    return [key, isPart ? { ...part, loss: build(part.loss) } : build(part)];
  });
  return Object.fromEntries(entries);
}
