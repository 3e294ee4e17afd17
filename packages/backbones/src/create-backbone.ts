import { type BackboneConfig, ConfigError } from '@openset/core';
import { isAdoptedConfig } from './as-backbone.ts';
import { cifarDenseNet } from './cifar-densenet.ts';
import { cifarResNet } from './cifar-resnet.ts';
import { lresnetIR } from './lresnet-ir.ts';
import { mobileFaceNet } from './mobile-facenet.ts';
import type { NetworkBackbone } from './network-backbone.ts';
import { smallCnn } from './small-cnn.ts';

/** Every network of this package by its kind in a configuration. */
const networks = {
  'cifar-densenet': cifarDenseNet,
  'cifar-resnet': cifarResNet,
  'lresnet-ir': lresnetIR,
  'mobile-facenet': mobileFaceNet,
  'small-cnn': smallCnn,
} as const;

/** The kinds of backbone that `createBackbone` creates. */
export const backboneKinds: readonly string[] = Object.keys(networks);

/**
 * Creates a backbone from its configuration. `createBackbone(backbone.getConfig())` creates an equal network with initial
 * weights. Missing options get their defaults.
 *
 * @throws ConfigError if the kind is unknown, an option is unknown or out of its range, or the configuration comes from
 *   `asBackbone`
 */
export function createBackbone(config: BackboneConfig): NetworkBackbone {
  const { backbone, ...options } = config;
  // A saved network of this package keeps its name when asBackbone wraps it.
  if (isAdoptedConfig(config)) {
    throw new ConfigError(
      `The configuration of '${String(backbone)}' is of a model from elsewhere and does not contain it.`,
      { advice: { option: 'backbone', text: 'Load the model and pass it to asBackbone.' } },
    );
  }
  if (backboneKinds.includes(backbone)) return networks[backbone as keyof typeof networks](options);
  throw new ConfigError(
    `There is no backbone '${String(backbone)}'; known are ${backboneKinds.join(', ')}.`,
    { advice: { option: 'backbone', text: 'Load a model of your own yourself and pass it to asBackbone.' } },
  );
}
