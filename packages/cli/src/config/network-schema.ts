import { ConfigError, didYouMean } from '@openset/core';
import { isPretrainedWord, pretrainedNetworks } from '@openset/pretrained';
import { z } from 'zod';
import { objectSchema } from './parse-settings.ts';

const count = z.int().min(1).optional();
const blocks = z.array(z.int().min(1)).min(1).optional();
const common = {
  inputSize: z.union([z.int().min(1), z.tuple([z.int().min(1), z.int().min(1)])]).optional(),
  channels: z.literal([1, 3]).optional(),
  embeddingSize: count,
  checkpointing: z.boolean().optional(),
};

/** Schema of a network in a configuration: `getConfig()` of the backbone without the seed. */
export const networkSchema = z.discriminatedUnion('backbone', [
  objectSchema({
    backbone: z.literal('lresnet-ir'),
    depth: z.literal([18, 34, 50, 100, 200]).optional(),
    blocks,
    width: count,
    ...common,
    dropout: z.number().min(0).max(0.99).optional(),
  }),
  objectSchema({ backbone: z.literal('mobile-facenet'), width: count, ...common }),
  objectSchema({ backbone: z.literal('small-cnn'), width: count, ...common }),
  objectSchema({
    backbone: z.literal('cifar-resnet'),
    depth: z.literal([18, 50]).optional(),
    width: count,
    ...common,
  }),
  objectSchema({ backbone: z.literal('cifar-densenet'), blocks, growthRate: count, ...common }),
  // A network of an installed package, with a head of `head` numbers; null for none.
  objectSchema({
    backbone: z.literal('graph'),
    source: z.string().min(1),
    head: z.int().min(1).nullable().optional(),
    freeze: z.union([z.literal('all'), z.int().min(0)]).optional(),
    inputSize: common.inputSize,
    channels: common.channels,
  }),
]);

/** Kinds of networks that are trained from nothing. */
const ownKinds = networkSchema.options
  .map(({ shape }) => shape.backbone.value)
  .filter((kind) => kind !== 'graph');

/**
 * Returns the settings of a value of `--backbone`: a kind of network, or the word of a pretrained network.
 * @throws ConfigError for an unknown word
 */
export function networkFor(word: string): NetworkSettings {
  const own = ownKinds.find((kind) => kind === word);
  if (own) return { backbone: own };
  if (isPretrainedWord(word)) return { backbone: 'graph', source: word };
  const words = [...ownKinds, ...Object.keys(pretrainedNetworks)];
  throw new ConfigError(
    `There is no network '${word}'.${didYouMean(word, words)} Networks: ${words.join(', ')}.`,
  );
}

/** A network in a configuration. */
export type NetworkSettings = z.output<typeof networkSchema>;
