import type { LearnedThreshold, LossConfig, OpenSetLoss } from './contract.ts';
import { ConfigError } from './errors.ts';
import { didYouMean } from './nearest-word.ts';

/** What every option of a loss says about itself. */
interface OptionFacts {
  /** One sentence without its final stop, for help, tables and editors. */
  readonly description: string;
  /** The symbol of the paper, such as `s` or `m`. */
  readonly symbol?: string;
  /** The default in words, where it depends on other options. */
  readonly defaultText?: string;
  /** Whether the option has to be given. */
  readonly required?: true;
}

/** A finite number, or one of a few words, or a list of numbers. */
export interface NumberOption extends OptionFacts {
  readonly type: 'number';
  /** The smallest value allowed. */
  readonly minimum?: number;
  /** All values must be greater than this. */
  readonly above?: number;
  /** The largest value allowed. */
  readonly maximum?: number;
  /** Whether only whole numbers are allowed. */
  readonly integer?: true;
  /** Words allowed in place of a number. */
  readonly words?: readonly string[];
  /** Whether a list of such numbers is allowed too. */
  readonly list?: true;
  readonly default?: number | string;
}

/** True or false. */
export interface BooleanOption extends OptionFacts {
  readonly type: 'boolean';
  readonly default?: boolean;
}

/** One of a few words. */
export interface ChoiceOption extends OptionFacts {
  readonly type: 'choice';
  readonly choices: readonly string[];
  readonly default?: string;
}

/** Any text. */
export interface TextOption extends OptionFacts {
  readonly type: 'text';
}

/** Another loss, with class weights of its own: an instance for the constructor, its configuration in plain JSON. */
export interface NestedLossOption extends OptionFacts {
  readonly type: 'loss';
}

/** Losses by name, each alone or as a `CombinedPart`. */
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
  /** What the word stands for, where it is not the plain loss. */
  readonly summary?: string;
  /** The options that suit a number of identities; the others keep their defaults. */
  readonly options: (numIdentities: number) => LossOptions;
}

/** One variant of a loss that the conformance suite of `@openset/testkit` tests. */
export interface ConformanceCase {
  /** What is special about the variant; omit it for the plain loss. */
  readonly name?: string;
  /** Options beside sizes and seed. A nested loss that is missing here is filled in by the suite. */
  readonly options: LossOptions;
  /** The epoch of every `forward`, counted from 0: one in which the parts to be tested count. */
  readonly epoch?: number;
  /** Whether the loss normalises embeddings, so that their length does not matter; default true. */
  readonly normalized?: boolean;
}

/**
 * Everything that is known about a loss, once: a loss exports its descriptor beside its class. From it come the checks of its
 * options, the words and help of `openset train --loss`, the schema of configuration files, the tables of the
 * documentation, the cases of the conformance suite, and the reader of reference values.
 *
 * Declare it `as const satisfies LossDescriptor`, so that `resolveLossOptions` knows the types of the defaults.
 */
export interface LossDescriptor {
  /** The class name: `loss.name`, and `loss` in configurations. */
  readonly name: string;
  /** The npm package that exports the class. */
  readonly package: string;
  /** What the loss is, as one sentence without its final stop. */
  readonly summary: string;
  /** When to use it, as a phrase. */
  readonly use: string;
  /** Paper or code that defines it. */
  readonly source: string;
  /** What its learned threshold separates; null if it learns none. */
  readonly threshold: LearnedThreshold['between'] | null;
  /** The option that `threshold` depends on, in words. */
  readonly thresholdCondition?: string;
  /** Whether its bank are class weights, so that it can be the class loss of UniTSFace. */
  readonly hasClassWeights: boolean;
  /** The words of `openset train --loss`; none for a loss that only configuration files can name. */
  readonly words: Readonly<Record<string, LossWord>>;
  readonly options: OptionDescriptors;
  /**
   * For a loss with an option `startEpoch`, before which part of its state takes no part in the loss: the epoch that suits
   * a run of so many epochs.
   */
  readonly suitableStartEpoch?: (epochs: number) => number;
  /** Makes the loss; nested losses are instances, which the loss takes over. */
  readonly create: (options: never) => OpenSetLoss;
  readonly conformance: readonly ConformanceCase[];
  /**
   * For reference values of the authors' code: the name that fixture files give to this loss, and the options for the
   * `config` of a case.
   */
  readonly fixtures?: Readonly<
    Record<string, (config: Readonly<Record<string, number | string>>) => LossOptions>
  >;
}

/** Returns the descriptor of a class. @throws ConfigError naming the nearest one if there is none */
export function findDescriptor(name: string, descriptors: readonly LossDescriptor[]): LossDescriptor {
  const found = descriptors.find((descriptor) => descriptor.name === name);
  if (found) return found;
  const names = descriptors.map((descriptor) => descriptor.name);
  throw new ConfigError(
    `There is no descriptor of the loss '${name}'.${didYouMean(name, names)} Known losses: ${names.join(', ') || 'none'}.`,
  );
}

/** Whether a value is a configuration of a loss, not a loss. */
export function isLossConfig(value: unknown): value is LossConfig {
  return isRecord(value) && typeof value.loss === 'string' && typeof value.forward !== 'function';
}

/** Whether a value is a loss. */
export function isLoss(value: unknown): value is OpenSetLoss {
  return isRecord(value) && typeof value.forward === 'function' && typeof value.getConfig === 'function';
}

/** Whether a value can be used as a descriptor: that it has a name, options, words, and `create`. */
export function isLossDescriptor(value: unknown): value is LossDescriptor {
  if (!isRecord(value)) return false;
  const { name, options, words, create } = value;
  return typeof name === 'string' && isRecord(options) && isRecord(words) && typeof create === 'function';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
