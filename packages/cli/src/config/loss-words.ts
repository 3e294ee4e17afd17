import { ConfigError, didYouMean, type LossDescriptor, type LossWord } from '@openset/core';
import { losses } from '../losses.ts';
import { absoluteReference, isModuleReference, knownLosses, loadedLoss } from './loss-modules.ts';
import { type LossSettings, lossSchema, nestedLosses } from './loss-schema.ts';

const words: ReadonlyMap<string, { readonly descriptor: LossDescriptor; readonly word: LossWord }> = new Map(
  losses.flatMap((descriptor) =>
    Object.entries(descriptor.words).map(([name, word]) => [name, { descriptor, word }] as const),
  ),
);

/** The words that `--loss` accepts besides `MODULE#EXPORT`. */
export const lossWords: readonly string[] = [...words.keys()].sort();

/** Returns a line for each word of `--loss`: the word, and what it stands for. */
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

/** Checks a `--loss`. @throws ConfigError naming the nearest word */
export function checkLossWord(text: string): string {
  if (words.has(text) || isModuleReference(text)) return text;
  throw new ConfigError(
    `There is no loss '${text}'.${didYouMean(text, lossWords)} Losses: ${lossWords.join(', ')}, or MODULE#EXPORT.`,
  );
}

/**
 * Returns the loss of a `--loss` with the options that suit the number of people.
 * @param text a word, or the reference of a module that is loaded
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
 * Returns the loss with a start epoch where part of it starts late and none is given: the paper's epoch, or an earlier one in
 * a run too short for it.
 * @param epochs length of the run
 */
export function withStartEpoch(settings: LossSettings, epochs: number): LossSettings {
  const { suitableStartEpoch } = descriptorOf(settings);
  if (!suitableStartEpoch || settings.startEpoch !== undefined) return settings;
  // Orders the options like a configuration that was read from a file, so that equal runs write equal files.
  return lossSchema().parse({ ...settings, startEpoch: suitableStartEpoch(epochs) });
}

/** Returns the loss with all its parts from the first step on: what its later steps cost. */
export function withoutStartEpoch(settings: LossSettings): LossSettings {
  return descriptorOf(settings).suitableStartEpoch ? { ...settings, startEpoch: 1 } : settings;
}

/** Whether a loss learns a threshold between two embeddings. */
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
