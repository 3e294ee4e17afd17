import { resolve } from 'node:path';
import { ConfigError, didYouMean } from '@openset/core';
import { isPretrainedWord, pretrainedNetworks } from '@openset/pretrained';
import { z } from 'zod';
import { splitSource } from '../model/graph-source.ts';
import { objectSchema } from './parse-settings.ts';

const count = z.int().min(1).optional();
const blocks = z.array(z.int().min(1)).min(1).optional();
const inputSize = z.union([z.int().min(1), z.tuple([z.int().min(1), z.int().min(1)])]).optional();
const channels = z.literal([1, 3]).optional();

/** How a network starts, of any kind. */
const start = {
  // Stages that are not trained.
  freeze: z.union([z.literal('backbone'), z.int().min(0)]).optional(),
  // File of the initial weights.
  init: objectSchema({ path: z.string().min(1), sha256: z.string().optional() }).optional(),
};
const common = { inputSize, channels, embeddingSize: count, checkpointing: z.boolean().optional(), ...start };

/** Schema of a network in a configuration: `getConfig()` of the backbone without the seed, and how it starts. */
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
  objectSchema({
    backbone: z.literal('graph'),
    // Word of a pretrained network, or PATH#OUTPUT_NODE of a tfjs graph model; missing if `init` is a model with a graph.
    source: z.string().min(1).optional(),
    // SHA-256 of its files.
    sha256: z.string().optional(),
    // Values of black and white; default: those of the word, otherwise −1 and 1.
    inputRange: z.tuple([z.number(), z.number()]).optional(),
    inputSize,
    channels,
    // Length of the embedding of the head; null for none.
    head: z.int().min(1).nullable().optional(),
    ...start,
  }),
]);

/** Beginning of a value of `--backbone` that names a tfjs graph model. */
export const graphPrefix = 'graph:';

/** Kinds of networks that are trained from nothing. */
const ownKinds = networkSchema.options
  .map(({ shape }) => shape.backbone.value)
  .filter((kind) => kind !== 'graph');

/**
 * Returns the settings of a value of `--backbone`: a kind of network, the word of a pretrained network, or
 * `graph:PATH#OUTPUT_NODE`.
 * @throws ConfigError for an unknown word, or a graph without an output node
 */
export function networkFor(word: string): NetworkSettings {
  const own = ownKinds.find((kind) => kind === word);
  if (own) return { backbone: own };
  if (word.startsWith(graphPrefix)) {
    const [path, output] = splitSource(word.slice(graphPrefix.length));
    return { backbone: 'graph', source: `${resolve(path)}#${output}` };
  }
  if (isPretrainedWord(word)) return { backbone: 'graph', source: word };
  const words = [...ownKinds, ...Object.keys(pretrainedNetworks)];
  throw new ConfigError(
    `There is no network '${word}'.${didYouMean(word, words)} Networks: ${words.join(', ')}; or ` +
      `${graphPrefix}PATH.json#OUTPUT_NODE.`,
  );
}

/** A network in a configuration. */
export type NetworkSettings = z.output<typeof networkSchema>;
