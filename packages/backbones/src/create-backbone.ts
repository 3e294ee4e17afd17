import { type BackboneConfig, ConfigError } from '@openset/core';
import { isAdopted } from './as-backbone.ts';
import { cifarDenseNet } from './cifar-densenet.ts';
import { cifarResNet } from './cifar-resnet.ts';
import { lresnetIR } from './lresnet-ir.ts';
import { mobileFaceNet } from './mobile-facenet.ts';
import type { NetworkBackbone } from './network-backbone.ts';
import { smallCnn } from './small-cnn.ts';

/** Every network of this package, by the word in its configuration. */
const networks = {
  'cifar-densenet': cifarDenseNet,
  'cifar-resnet': cifarResNet,
  'lresnet-ir': lresnetIR,
  'mobile-facenet': mobileFaceNet,
  'small-cnn': smallCnn,
} as const;

/** The words that `createBackbone` knows. */
export const backboneKinds: readonly string[] = Object.keys(networks);

/**
 * Makes a backbone from its configuration: `createBackbone(backbone.getConfig())` makes its like, with first weights.
 * Options left out have their defaults.
 *
 * @throws ConfigError if there is no such backbone, an option is unknown or out of its range, or the
 * configuration is one of `asBackbone`
 */
export function createBackbone(config: BackboneConfig): NetworkBackbone {
  const { backbone, ...options } = config;
  // A saved network of this package keeps its name where it is adopted.
  if (isAdopted(config)) {
    throw new ConfigError(
      `This configuration of '${String(backbone)}' is one of asBackbone, and does not hold the model: load the model, and ` +
        'make it a backbone by asBackbone again.',
    );
  }
  if (backboneKinds.includes(backbone)) return networks[backbone as keyof typeof networks](options);
  throw new ConfigError(
    `There is no backbone '${String(backbone)}' to be made from a configuration; there are ${backboneKinds.join(', ')}. ` +
      'A model of your own is loaded by you, and made a backbone by asBackbone.',
  );
}
