import { createBackbone } from '@openset/backbones';
import type { Backbone } from '@openset/core';
import { openPretrained } from '@openset/pretrained/node';
import type { NetworkSettings } from '../config/network-schema.ts';

/**
 * Opens the network of a run with its initial weights: from nothing, or from an installed package with a new head.
 * @param seed of the initial weights
 * @throws ConfigError for options that are out of range; DataError if the package is not installed
 */
export async function openNetwork(network: NetworkSettings, seed: number): Promise<Backbone> {
  if (network.backbone !== 'graph') return createBackbone({ ...network, seed });
  const { source, head, freeze } = network;
  const { backbone } = await openPretrained(source, {
    seed,
    ...(head === undefined ? {} : { head }),
    ...(freeze === undefined ? {} : { freeze }),
  });
  return backbone;
}
