import { resolve } from 'node:path';
import { type BackboneConfig, ConfigError, type FaceCrop } from '@openset/core';
import { isPretrainedWord } from '@openset/pretrained';
import * as tf from '@tensorflow/tfjs-core';
import { defaultHead } from '../config/choose-head.ts';
import { graphPrefix, type NetworkSettings, networkFor, networkSchema } from '../config/network-schema.ts';
import { parseSettings } from '../config/parse-settings.ts';
import type { GivenSettings } from '../config/settings.ts';
import { pathStatus } from '../files/paths.ts';
import { readGraphSource } from './graph-source.ts';
import { readStartFile } from './start-file.ts';

/** Settings whose network is complete as far as files determine it. */
export interface StartedSettings {
  readonly given: GivenSettings;
  /** Crop that the network was made for; undefined if it is unknown. */
  readonly crop: FaceCrop | undefined;
}

/**
 * Completes the network of a run: moves `init` and `freeze` into it, reads the size of its images and its hash from its files.
 * @throws ConfigError for settings that contradict each other; DataError for files that cannot be used
 */
export async function resolveNetworkStart({
  init,
  freeze,
  ...given
}: GivenSettings): Promise<StartedSettings> {
  const isWord = init !== undefined && isPretrainedWord(init) && (await pathStatus(init)) === null;
  if (init !== undefined && (isWord || init.startsWith(graphPrefix))) {
    if (given.network) {
      throw new ConfigError(
        `--init ${init} is a network of its own: remove --backbone, and the network of the settings.`,
      );
    }
    return completeGraph(given, {
      freeze: 0,
      ...networkFor(init),
      ...(freeze === undefined ? {} : { freeze }),
    });
  }
  const common = freeze === undefined ? {} : { freeze };
  if (init !== undefined) return withStartFile(given, init, common);
  const { network } = given;
  if (!network) {
    if (freeze === undefined) return { given, crop: undefined };
    throw new ConfigError('--freeze needs weights to keep: give --init or --backbone.');
  }
  const started = { ...network, ...common };
  if (started.backbone === 'graph' && started.source !== undefined) return completeGraph(given, started);
  if (started.freeze && !started.init) {
    throw new ConfigError(
      '--freeze needs weights to keep: give --init, or a pretrained network as --backbone.',
    );
  }
  return { given: { ...given, network: started }, crop: undefined };
}

async function withStartFile(
  given: Omit<GivenSettings, 'init' | 'freeze'> & { readonly data: string },
  path: string,
  common: Pick<NetworkSettings, 'freeze'>,
): Promise<StartedSettings> {
  const start = await readStartFile(path);
  const init = { path: resolve(path), sha256: start.sha256 };
  if (start.kind === 'pytorch') {
    if (given.network)
      return { given: { ...given, network: { ...given.network, init, ...common } }, crop: undefined };
    throw new ConfigError(
      `'${path}' has PyTorch weights, which do not say what network they are of. Name it with --backbone, or as the network of ` +
        'a --config file.',
    );
  }
  const { description, state } = start.read();
  tf.dispose(state);
  const own = given.network ?? networkOf(description.backbone, path);
  return { given: { ...given, network: { ...own, init, ...common } }, crop: description.crop };
}

/** Returns the settings of the network of a model. */
function networkOf({ seed: _seed, ...config }: BackboneConfig, path: string): NetworkSettings {
  if (config.backbone !== 'graph') return parseSettings(networkSchema, config, path);
  const { inputShape, head } = config as unknown as {
    inputShape: [number, number, 1 | 3];
    head: number | null;
  };
  const [height, width, channels] = inputShape;
  return { backbone: 'graph', inputSize: [height, width], channels, head, freeze: 0 };
}

async function completeGraph(
  given: GivenSettings,
  network: Extract<NetworkSettings, { backbone: 'graph' }> | NetworkSettings,
): Promise<StartedSettings> {
  if (network.backbone !== 'graph' || network.source === undefined) return { given, crop: undefined };
  const { sha256, input, inputRange, crop } = await readGraphSource(network.source);
  const [height, width, channels] = input;
  const size = height !== null && width !== null ? { inputSize: [height, width] as [number, number] } : {};
  const complete = {
    head: defaultHead(network.source),
    freeze: 'backbone' as const,
    ...(inputRange ? { inputRange: [...inputRange] as [number, number] } : {}),
    ...size,
    ...(channels === 1 || channels === 3 ? { channels } : {}),
    sha256,
    ...network,
  } as NetworkSettings;
  return { given: { ...given, network: complete }, crop };
}
