import type { LearnedThreshold, LossConfig, OpenSetLoss } from './contract.ts';
import { ConfigError } from './errors.ts';
import { didYouMean } from './nearest-word.ts';

/** Properties that every option of a loss may have. */
interface OptionFacts {
  /** One phrase without its full stop, for help, tables and editors. */
  readonly description: string;
  /** Symbol in the paper, such as `s` or `m`. */
  readonly symbol?: string;
  /** The default in words, for a default that depends on other options. */
  readonly defaultText?: string;
  /** Whether the option is required. */
  readonly required?: true;
  /** Name of the option that replaces this one; both together are refused. */
  readonly replacedBy?: string;
}

/** A finite number; with `words`, also one of these words; with `list`, also a list of numbers. */
export interface NumberOption extends OptionFacts {
  readonly type: 'number';
  /** Smallest allowed value. */
  readonly minimum?: number;
  /** Exclusive lower bound. */
  readonly above?: number;
  /** Exclusive upper bound. */
  readonly below?: number;
  /** Largest allowed value. */
  readonly maximum?: number;
  /** Whether the value must be an integer. */
  readonly integer?: true;
  /** Words allowed instead of a number. */
  readonly words?: readonly string[];
  /** Whether a list of such numbers is also allowed. */
  readonly list?: true;
  /** Default: a number, or one of `words`. */
  readonly default?: number | string;
}

/** `true` or `false`. */
export interface BooleanOption extends OptionFacts {
  readonly type: 'boolean';
  /** Default. */
  readonly default?: boolean;
}

/** One of a fixed set of words. */
export interface ChoiceOption extends OptionFacts {
  readonly type: 'choice';
  /** Values that the option takes. */
  readonly choices: readonly string[];
  /** Default. */
  readonly default?: string;
}

/** Any string. */
export interface TextOption extends OptionFacts {
  readonly type: 'text';
}

/** Another loss, with its own class weights: an instance in the constructor, a configuration in plain JSON. */
export interface NestedLossOption extends OptionFacts {
  readonly type: 'loss';
}

/** Losses by name, each a loss or a `CombinedPart`. */
export interface PartsOption extends OptionFacts {
  readonly type: 'parts';
}

/** One option of a loss. */
export type OptionDescriptor =
  | NumberOption
  | BooleanOption
  | ChoiceOption
  | TextOption
  | NestedLossOption
  | PartsOption;

/** The options of a loss by name, in the order in which tables list them. */
export type OptionDescriptors = Readonly<Record<string, OptionDescriptor>>;

/** Options as plain JSON; nested losses are configurations. */
export type LossOptions = Readonly<Record<string, unknown>>;

/** A word of `openset train --loss`. */
export interface LossWord {
  /** Meaning of the word, if it is not the plain loss; default: the summary of the descriptor. */
  readonly summary?: string;
  /** Returns the options that suit a number of identities. Options it omits keep their defaults. */
  readonly options: (numIdentities: number) => LossOptions;
}

/** One variant of a loss that the conformance suite of `@openset/testkit` tests. */
export interface ConformanceCase {
  /** Name of the variant; omit it for the plain loss. */
  readonly name?: string;
  /** Options except sizes and seed. The suite fills in missing nested losses that are required. */
  readonly options: LossOptions;
  /** Epoch of every `forward`, counted from 0. Choose one in which the parts to test count. */
  readonly epoch?: number;
  /** Whether the loss normalises embeddings, so that their length has no effect; default true. */
  readonly normalized?: boolean;
  /** Smallest batch, in rows; the loss refuses smaller ones with a ShapeError. Default 1. */
  readonly smallestBatch?: number;
  /**
   * Whether the variant stops gradients, so that they differ from finite differences of the loss. The test of the loss then
   * gives `lossConformance` a surrogate. Default false.
   */
  readonly stopsGradients?: boolean;
}

/**
 * Describes a loss as plain data. A loss package exports a descriptor for each class. It is the single source for the checks of
 * options, the words and help of `openset train --loss`, the schema of configuration files, the tables of the documentation,
 * the cases of the conformance suite, and the reader of reference values.
 *
 * `describeLoss` declares it.
 */
export interface LossDescriptor {
  /** The class name, as in `loss.name` and under `loss` in configurations. */
  readonly name: string;
  /** The npm package that exports the class. */
  readonly package: string;
  /** What the loss is, as one phrase without its full stop. */
  readonly summary: string;
  /** When to use the loss, as a phrase that completes "Use it …". */
  readonly use: string;
  /** Paper or code that defines the loss. */
  readonly source: string;
  /** The pairs that its learned threshold separates; null if it learns none. */
  readonly threshold: LearnedThreshold['between'] | null;
  /** Condition under which it learns that threshold, in words, such as an option. */
  readonly thresholdCondition?: string;
  /** Whether its bank is class weights, so that it can be the class loss of UniTSFace. */
  readonly hasClassWeights: boolean;
  /** Words of `openset train --loss`; empty for a loss that only configuration files can name. */
  readonly words: Readonly<Record<string, LossWord>>;
  /** All options of the constructor. */
  readonly options: OptionDescriptors;
  /**
   * Returns the `startEpoch` that suits a run of `epochs` epochs. For a loss with an option `startEpoch`, before which part of
   * its state does not count.
   */
  readonly suitableStartEpoch?: (epochs: number) => number;
  /** Creates the loss. Nested losses are instances, and the loss disposes of them. */
  readonly create: (options: never) => OpenSetLoss;
  /** Variants that the conformance suite tests. */
  readonly conformance: readonly ConformanceCase[];
  /** Names of this loss in fixture files, each with a function that returns the options for the `config` of a case. */
  readonly fixtures?: Readonly<
    Record<string, (config: Readonly<Record<string, number | string | boolean>>) => LossOptions>
  >;
}

/**
 * Returns a descriptor with its literal types, from which `resolveLossOptions` knows the types of the defaults. The comment
 * `@__PURE__` before the call lets bundlers drop the descriptor, and with it the class, where neither is used. The page "Add a loss"
 * of the documentation shows a descriptor.
 */
export function describeLoss<const Descriptor extends LossDescriptor>(
  describe: () => Descriptor,
): Descriptor {
  return describe();
}

/**
 * Returns the descriptor of a class.
 * @param name the class name
 * @throws ConfigError if no descriptor has this name; the message suggests the nearest one
 */
export function findDescriptor(name: string, descriptors: readonly LossDescriptor[]): LossDescriptor {
  const found = descriptors.find((descriptor) => descriptor.name === name);
  if (found) return found;
  const names = descriptors.map((descriptor) => descriptor.name);
  throw new ConfigError(
    `There is no descriptor for the loss '${name}'.${didYouMean(name, names)} Known losses: ${names.join(', ') || 'none'}.`,
  );
}

/** Returns whether a value is the configuration of a loss, not a loss. */
export function isLossConfig(value: unknown): value is LossConfig {
  return isRecord(value) && typeof value.loss === 'string' && typeof value.forward !== 'function';
}

/** Returns whether a value is a loss. */
export function isLoss(value: unknown): value is OpenSetLoss {
  return isRecord(value) && typeof value.forward === 'function' && typeof value.getConfig === 'function';
}

/** Returns whether a value is usable as a descriptor: whether it has `name`, `options`, `words` and `create`. */
export function isLossDescriptor(value: unknown): value is LossDescriptor {
  if (!isRecord(value)) return false;
  const { name, options, words, create } = value;
  return typeof name === 'string' && isRecord(options) && isRecord(words) && typeof create === 'function';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
