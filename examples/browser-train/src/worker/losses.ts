import { bceUnifiedDescriptor } from '@openset/bce-unified';
import {
  ConfigError,
  createLoss,
  type LossDescriptor,
  type LossSizes,
  type OpenSetLoss,
} from '@openset/core';
import { eplDescriptor } from '@openset/epl';
import { arcFaceDescriptor, cosFaceDescriptor, softmaxDescriptor } from '@openset/margin';
import { uniTSFaceDescriptor, ussDescriptor } from '@openset/uss';
import type { LossChoice } from '../messages.ts';

/** Descriptors of the losses of this page. Add another loss here; the page reads its words and texts. */
const descriptors: readonly LossDescriptor[] = [
  uniTSFaceDescriptor,
  ussDescriptor,
  bceUnifiedDescriptor,
  eplDescriptor,
  cosFaceDescriptor,
  arcFaceDescriptor,
  softmaxDescriptor,
];

const words = descriptors.flatMap((descriptor) =>
  Object.entries(descriptor.words).map(([word, options]) => ({ word, options, descriptor })),
);

/** The losses to choose from. */
export const lossChoices: readonly LossChoice[] = words.map(({ word, options, descriptor }) => ({
  word,
  summary: options.summary ?? descriptor.summary,
  threshold: descriptor.threshold,
}));

/**
 * Creates a loss with the options that `openset train --loss WORD` would choose.
 * @throws ConfigError for an unknown word
 */
export function createLossOf(
  word: string,
  epochs: number,
  sizes: Required<Omit<LossSizes, 'blockSize'>>,
): OpenSetLoss {
  const found = words.find((one) => one.word === word);
  if (!found) throw new ConfigError(`There is no loss '${word}'.`);
  const { options, descriptor } = found;
  const startEpoch = descriptor.suitableStartEpoch?.(epochs);
  const config = {
    loss: descriptor.name,
    ...options.options(sizes.numClasses),
    ...(startEpoch === undefined ? {} : { startEpoch }),
  };
  return createLoss(config, descriptors, sizes);
}
