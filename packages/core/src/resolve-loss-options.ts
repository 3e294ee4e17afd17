import { ConfigError, checkChoice, checkNumber } from './errors.ts';
import {
  isLoss,
  isLossConfig,
  type NumberOption,
  type OptionDescriptor,
  type OptionDescriptors,
} from './loss-descriptor.ts';
import { didYouMean } from './nearest-word.ts';

/** The type of the value of an option. */
type ValueOf<Option> = Option extends { type: 'number'; words: infer Words extends readonly string[] }
  ? number | Words[number]
  : Option extends { type: 'number' }
    ? number
    : Option extends { type: 'boolean' }
      ? boolean
      : Option extends { type: 'choice'; choices: infer Choices extends readonly string[] }
        ? Choices[number]
        : never;

/** The options that have a default. */
type Defaults<Options extends OptionDescriptors> = {
  readonly [Key in keyof Options as Options[Key] extends { default: unknown } ? Key : never]: ValueOf<
    Options[Key]
  >;
};

/**
 * Returns the options of a loss, checked against its descriptor, with defaults filled in. Undefined options are dropped. Also
 * accepts a configuration, which has the class name under `loss`.
 * @throws ConfigError for an unknown option (suggesting the nearest name), a missing option, a value out of range, an option and
 *   the one that replaces it, or the configuration of another loss
 */
export function resolveLossOptions<Options extends object, Known extends OptionDescriptors>(
  { name, options: known }: { readonly name: string; readonly options: Known },
  options: Options,
): Options & Defaults<Known> {
  const { loss = name, ...given } = options as Readonly<Record<string, unknown>>;
  if (loss !== name) {
    throw new ConfigError(
      `${name} cannot use the configuration of '${String(loss)}'. Use createLoss instead.`,
    );
  }
  const resolved: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(known, key)) {
      const names = Object.keys(known);
      throw new ConfigError(
        `${name} has no option '${key}'.${didYouMean(key, names)} Its options are ${names.join(', ')}.`,
      );
    }
    const option = known[key] as OptionDescriptor;
    checkOption(`${name}: ${key}`, value, option);
    const { replacedBy } = option;
    if (replacedBy !== undefined && given[replacedBy] !== undefined) {
      throw new ConfigError(
        `${name}: ${key} has no effect with ${replacedBy}, which replaces it. Remove one of them.`,
      );
    }
    resolved[key] = value;
  }
  for (const [key, option] of Object.entries(known)) {
    if (key in resolved) continue;
    if (option.required)
      throw new ConfigError(`${name}: ${key} is missing; it is the ${option.description}.`);
    if ('default' in option) resolved[key] = option.default;
  }
  return resolved as unknown as Options & Defaults<Known>;
}

function checkOption(what: string, value: unknown, option: OptionDescriptor): void {
  switch (option.type) {
    case 'number':
      checkNumberOption(what, value, option);
      return;
    case 'boolean':
      if (typeof value !== 'boolean') throw wrongType(what, 'true or false', value);
      return;
    case 'choice':
      checkChoice(what, value as string, option.choices);
      return;
    case 'text':
      if (typeof value !== 'string') throw wrongType(what, 'a string', value);
      return;
    case 'loss':
      if (isLossConfig(value)) {
        throw new ConfigError(
          `${what} must be a loss, but is the configuration of one (${value.loss}). Use createLoss, which creates nested losses.`,
        );
      }
      if (!isLoss(value)) throw wrongType(what, 'a loss', value);
      return;
    case 'parts':
      if (typeof value !== 'object' || value === null) throw wrongType(what, 'losses by name', value);
  }
}

function checkNumberOption(what: string, value: unknown, option: NumberOption): void {
  const { words = [], list = false, above, below, ...range } = option;
  if (list && Array.isArray(value)) {
    for (const [index, one] of value.entries())
      checkNumberOption(`${what}[${index}]`, one, { ...option, words: [] });
    return;
  }
  if (typeof value === 'string' && words.length > 0) {
    if (words.includes(value)) return;
    const allowed = words.map((word) => `'${word}'`).join(', ');
    throw new ConfigError(`${what} must be ${allowed} or a number, but is '${value}'.`);
  }
  checkNumber(what, value as number, range);
  if (above !== undefined && (value as number) <= above) {
    throw new ConfigError(`${what} must be above ${above}, but is ${String(value)}.`);
  }
  if (below !== undefined && (value as number) >= below) {
    throw new ConfigError(`${what} must be below ${below}, but is ${String(value)}.`);
  }
}

function wrongType(what: string, expected: string, value: unknown): ConfigError {
  return new ConfigError(
    `${what} must be ${expected}, but is ${String(JSON.stringify(value)).slice(0, 80)}.`,
  );
}
