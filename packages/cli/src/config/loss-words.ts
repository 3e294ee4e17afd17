import { ConfigError, didYouMean, type LossDescriptor, type LossWord } from '@openset/core';
import { losses } from '../losses.ts';
import { absoluteReference, isModuleReference, knownLosses, loadedLoss } from './loss-modules.ts';
import { hasClassLoss, type LossSettings, lossSchema, nestedLosses } from './loss-schema.ts';

const words: ReadonlyMap<string, { readonly descriptor: LossDescriptor; readonly word: LossWord }> = new Map(
  losses.flatMap((descriptor) =>
    Object.entries(descriptor.words).map(([name, word]) => [name, { descriptor, word }] as const),
  ),
);

/** The words that `--loss` accepts besides `MODULE#EXPORT`. */
export const lossWords: readonly string[] = [...words.keys()].sort();

/** Returns the help of `--loss`: one line for each word, with its meaning. */
export function lossWordHelp(): string[] {
  const entries = lossWords.map((name) => {
    const { descriptor, word } = words.get(name) as { descriptor: LossDescriptor; word: LossWord };
    return [name, word.summary ?? descriptor.summary] as const;
  });
  const all = [
    ...entries,
    ['MODULE#EXPORT', 'a loss from a file or an installed package: ./my-loss.js#MyLoss'] as const,
  ];
  const width = Math.max(...all.map(([name]) => name.length));
  return all.map(([name, summary]) => `${name.padEnd(width)}  ${summary}`);
}

/**
 * Returns a value of `--loss` after a check.
 * @throws ConfigError if it is neither a word nor `MODULE#EXPORT`; the message suggests the nearest word
 */
export function checkLossWord(text: string): string {
  if (words.has(text) || isModuleReference(text)) return text;
  throw new ConfigError(
    `There is no loss '${text}'.${didYouMean(text, lossWords)} Losses: ${lossWords.join(', ')}, or MODULE#EXPORT.`,
  );
}

/**
 * Returns a value of `--class-loss` after a check.
 * @throws ConfigError if it is neither the word of a loss over class weights nor `MODULE#EXPORT`; the message suggests the nearest
 */
export function checkClassLossWord(text: string): string {
  const known = words.get(text);
  if (known?.descriptor.hasClassWeights || isModuleReference(text)) return text;
  const choices = lossWords.filter((word) => words.get(word)?.descriptor.hasClassWeights);
  const problem = known
    ? `'${text}' is no loss over class weights, which --class-loss needs.`
    : `There is no loss '${text}'.${didYouMean(text, choices)}`;
  throw new ConfigError(`${problem} Class losses: ${choices.join(', ')}, or MODULE#EXPORT.`);
}

/**
 * Returns the settings of a loss with another class loss, whose options suit a number of people. Options that the class loss
 * replaces are dropped.
 * @param text a word of `--class-loss`, or the reference of a loaded module
 * @throws ConfigError if the loss takes no class loss, or if the class loss has no class weights
 */
export function withClassLoss(settings: LossSettings, text: string, people: number): LossSettings {
  const descriptor = descriptorOf(settings);
  if (!hasClassLoss(descriptor)) {
    const takers = knownLosses().filter(hasClassLoss);
    const choices = takers.flatMap((one) => Object.keys(one.words));
    throw new ConfigError(
      `--class-loss ${text} needs a loss that takes a class loss, but ${descriptor.name} takes none. Use --loss ${choices.join(' or ')}.`,
    );
  }
  const classLoss = lossFor(text, people);
  if (!descriptorOf(classLoss).hasClassWeights) {
    throw new ConfigError(`--class-loss needs a loss over class weights, but ${classLoss.loss} has none.`);
  }
  const kept = Object.entries(settings).filter(
    ([key]) => descriptor.options[key]?.replacedBy !== 'classLoss',
  );
  return lossSchema().parse({ ...Object.fromEntries(kept), classLoss });
}

/**
 * Returns the settings of a loss, with options that suit a number of people.
 * @param text a word of `--loss`, or the reference of a loaded module
 * @throws ConfigError for an unknown word, or a module that is not loaded
 */
export function lossFor(text: string, people: number): LossSettings {
  const known = words.get(checkLossWord(text));
  if (known) return { loss: known.descriptor.name, ...known.word.options(people) };
  const descriptor = loadedLoss(text);
  if (!descriptor) throw new ConfigError(`The module of '${text}' is not loaded.`);
  const [word] = Object.values(descriptor.words);
  return { loss: descriptor.name, module: absoluteReference(text), ...word?.options(people) };
}

/**
 * Returns the settings with a start epoch, if part of the loss starts late and the settings have none. It is the paper's
 * epoch, or an earlier one if the run is too short.
 * @param epochs number of epochs of the run
 */
export function withStartEpoch(settings: LossSettings, epochs: number): LossSettings {
  const { suitableStartEpoch } = descriptorOf(settings);
  if (!suitableStartEpoch || settings.startEpoch !== undefined) return settings;
  // Orders the options like a configuration that was read from a file, so that equal runs write equal files.
  return lossSchema().parse({ ...settings, startEpoch: suitableStartEpoch(epochs) });
}

/** Returns the settings with all parts active from the first step, to measure the cost of later steps. */
export function withoutStartEpoch(settings: LossSettings): LossSettings {
  return descriptorOf(settings).suitableStartEpoch ? { ...settings, startEpoch: 1 } : settings;
}

/** Returns whether a loss learns a threshold between two embeddings. */
export function learnsPairThreshold(settings: LossSettings): boolean {
  if (settings.parts === undefined) return descriptorOf(settings).threshold === 'embeddings';
  const { thresholdFrom } = settings;
  return nestedLosses(settings).some(
    ([part, loss]) => (thresholdFrom ?? part) === part && learnsPairThreshold(loss),
  );
}

function descriptorOf({ loss }: LossSettings): LossDescriptor {
  return knownLosses().find(({ name }) => name === loss) as LossDescriptor;
}
