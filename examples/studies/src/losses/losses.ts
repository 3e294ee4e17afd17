import {
  createLoss,
  findDescriptor,
  type LossConfig,
  type LossDescriptor,
  type OpenSetLoss,
} from '@openset/core';
import { losses as descriptors } from '../../../../packages/cli/src/losses.ts';

/** A loss of the study. */
export interface StudiedLoss {
  /** Name in the names of files: the word of `openset train --loss`, if there is one. */
  readonly name: string;
  /** Name on the page, as Markdown. */
  readonly text: string;
  /** Returns the configuration that suits a number of people. */
  readonly config: (people: number) => LossConfig;
}

const words = new Map(
  descriptors.flatMap(({ name: loss, words }) =>
    Object.entries(words).map(
      ([word, { options }]) =>
        [word, (people: number): LossConfig => ({ ...options(people), loss })] as const,
    ),
  ),
);

/** The default start, step 8000, comes after the end of these runs. A start after `maximumAge` leaves out classes never seen. */
const vplStart = { startIteration: 100, maximumAge: 100 };

/** Losses that configuration files name. */
const others: readonly StudiedLoss[] = [
  {
    name: 'epl-arcface',
    text: '`epl` over ArcFace',
    config: (people) => ({
      ...configOf('epl', people),
      base: 'arcface',
      margin: configOf('arcface', people).margin,
    }),
  },
  {
    name: 'epl-uniface',
    text: '`epl` over UniFace',
    config: (people) => ({ ...configOf('epl', people), base: 'uniface' }),
  },
  {
    name: 'cosface-tcm',
    text: '`cosface` + TCM',
    config: (people) => ({
      loss: 'CombinedLoss',
      parts: { class: configOf('cosface', people), consistency: { loss: { loss: 'TcmLoss' }, weight: 1 } },
    }),
  },
  {
    name: 'unitsface-adaface',
    text: '`unitsface` over AdaFace',
    config: (people) => ({ ...configOf('unitsface', people), classLoss: configOf('adaface', people) }),
  },
];

/** Every word of `openset train --loss`, then the combinations. */
export const studiedLosses: readonly StudiedLoss[] = [
  ...[...words.keys()].map((name) => ({
    name,
    text: `\`${name}\``,
    config: (people: number) => ({ ...configOf(name, people), ...(name === 'vpl' ? vplStart : {}) }),
  })),
  ...others,
];

/** Creates a loss from its configuration. */
export function createFromConfig(
  config: LossConfig,
  sizes: { readonly numClasses: number; readonly embeddingSize: number; readonly seed: number },
): OpenSetLoss {
  return createLoss(config, descriptors, sizes);
}

/** Returns a configuration with the start epoch that `openset train` chooses for a run, if part of the loss starts late. */
export function startingFor(config: LossConfig, epochs: number): LossConfig {
  const start = descriptorOf(config).suitableStartEpoch?.(epochs);
  return start === undefined ? config : { ...config, startEpoch: start };
}

/** Returns a configuration whose parts all count from the first step, to time its steps. */
export function startingAtOnce(config: LossConfig): LossConfig {
  const { options } = descriptorOf(config);
  return {
    ...config,
    ...('startEpoch' in options ? { startEpoch: 1 } : {}),
    ...('startIteration' in options ? { startIteration: 0 } : {}),
  };
}

function descriptorOf({ loss }: LossConfig): LossDescriptor {
  return findDescriptor(loss, descriptors);
}

function configOf(word: string, people: number): LossConfig {
  return words.get(word)!(people);
}
