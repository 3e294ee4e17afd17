import type { CombinedPart } from './combined-loss.ts';
import type { LossConfig, OpenSetLoss } from './contract.ts';
import { ConfigError } from './errors.ts';
import { findDescriptor, isLossConfig, type LossDescriptor } from './loss-descriptor.ts';
import type { BankLossOptions } from './stateful-loss.ts';

/** Sizes for a loss and all losses nested in it; they override those of the configuration. */
export type LossSizes = Partial<Pick<BankLossOptions, 'numClasses' | 'embeddingSize' | 'seed' | 'blockSize'>>;

/**
 * Makes a loss from its configuration: `createLoss(loss.getConfig(), descriptors)` builds an equal loss, with initial
 * values. Losses nested in it are made too.
 *
 * @param descriptors of all losses that the configuration names
 * @throws ConfigError for a loss without a descriptor, options that do not fit, or a descriptor that makes another class;
 *   nothing is left behind
 * @example
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
      `The descriptor of '${descriptor.name}' makes a loss named '${loss.name}': give class and descriptor one name.`,
    );
  } catch (error) {
    for (const loss of nested) loss.dispose();
    throw error;
  }
}

/** A part is a loss, or an object that holds one. */
function mapParts(parts: unknown, build: (value: unknown) => unknown): unknown {
  if (typeof parts !== 'object' || parts === null) return parts;
  const entries = Object.entries(parts as Record<string, OpenSetLoss | CombinedPart>).map(([key, part]) => {
    const isPart = 'loss' in part && typeof part.loss !== 'string';
    return [key, isPart ? { ...part, loss: build(part.loss) } : build(part)];
  });
  return Object.fromEntries(entries);
}
