import { checkNumber } from '@openset/core';
import { checkCounts, checkOptionNames, makeConfig } from './backbone-options.ts';
import { NetworkBackbone } from './network-backbone.ts';
import { fanInDeviation, NetworkParts } from './network-parts.ts';

/** Options of `linearHead`. */
export interface LinearHeadOptions {
  /** Number of features of an image. */
  readonly featureSize: number;
  /** Length of an embedding; default 128. */
  readonly embeddingSize?: number;
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
}

/**
 * Creates the part that is trained on top of a frozen network: a linear map without bias and a batch norm. It takes the
 * features of an image as an image of one pixel, `[batch, 1, 1, featureSize]`.
 *
 * @throws ConfigError for an unknown option, or one out of range
 */
export function linearHead(options: LinearHeadOptions): NetworkBackbone {
  const name = 'linear-head';
  const { featureSize, embeddingSize = 128, seed = 0 } = options;
  checkOptionNames(name, options, ['featureSize', 'embeddingSize', 'seed']);
  checkCounts(name, { featureSize, embeddingSize });
  checkNumber(`${name}: seed`, seed, { integer: true });
  const parts = new NetworkParts({ inputSize: [1, 1], channels: featureSize, seed }, fanInDeviation);
  const x = parts.norm(parts.embedding(parts.images, 'fc', embeddingSize), 'bn');
  return new NetworkBackbone({
    network: parts.build(name, x),
    config: makeConfig(name, { featureSize, embeddingSize, seed }),
    checkpointing: false,
    mapSizes: parts.mapSizes,
  });
}
