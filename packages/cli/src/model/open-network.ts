import { createBackbone, freezeStages, loadPyTorchState } from '@openset/backbones';
import { type Backbone, type BackboneConfig, ConfigError } from '@openset/core';
import { createPretrainedBackbone } from '@openset/pretrained';
import type { ModelFile } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { defaultHead } from '../config/choose-head.ts';
import type { NetworkSettings } from '../config/network-schema.ts';
import { inFile } from '../files/in-file.ts';
import { checkSameSource, readGraphSource } from './graph-source.ts';
import { readStartFile, type StartFile } from './start-file.ts';

type GraphSettings = Extract<NetworkSettings, { backbone: 'graph' }>;
type OwnSettings = Exclude<NetworkSettings, { backbone: 'graph' }>;

/**
 * Opens the network of a run with its initial weights: from nothing, from a file, or from a graph model with a head on top.
 * @param seed of the initial weights
 * @throws ConfigError for options that are out of range; DataError, ShapeError for files that are missing, have changed since
 *   the run started, or do not fit the network
 */
export async function openNetwork(network: NetworkSettings, seed: number): Promise<Backbone> {
  const start = network.init && (await readStartFile(network.init.path));
  if (start) checkSameSource(start.path, network.init?.sha256, start.sha256);
  return network.backbone === 'graph' ? openGraph(network, seed, start) : openOwn(network, seed, start);
}

async function openGraph(
  network: GraphSettings,
  seed: number,
  start: StartFile | undefined,
): Promise<Backbone> {
  const { source, sha256, inputRange, head, freeze } = network;
  const options = { freeze: freeze === undefined || freeze === 'backbone' ? ('all' as const) : freeze, seed };
  if (source !== undefined) {
    if (start) {
      throw new ConfigError('A graph model has its own weights: give --backbone or --init, not both.');
    }
    const graph = await readGraphSource(source);
    checkSameSource(source, sha256, graph.sha256);
    const { inputSize, channels } = network;
    const [height, width] = typeof inputSize === 'number' ? [inputSize, inputSize] : (inputSize ?? []);
    const isSized = height !== undefined && width !== undefined && channels !== undefined;
    return graph.open({
      ...options,
      head: head === undefined ? defaultHead(source) : head,
      ...(isSized ? { inputShape: [height, width, channels] as const } : {}),
      ...(inputRange ? { inputRange } : {}),
    });
  }
  if (start?.kind !== 'model') {
    throw new ConfigError(
      'The network is a graph model, but neither its source nor a model that contains it is given.',
    );
  }
  return inFile(start.path, () =>
    withState(start.read(), ({ description: { backbone }, state }) => {
      const config = { ...backbone, ...options, ...(head === undefined ? {} : { head }) };
      return createPretrainedBackbone(config as BackboneConfig, state);
    }),
  );
}

async function openOwn(
  { init: _init, freeze = 0, ...options }: OwnSettings,
  seed: number,
  start: StartFile | undefined,
): Promise<Backbone> {
  const backbone = createBackbone({ ...options, seed });
  try {
    if (start?.kind === 'model') {
      await inFile(start.path, () => withState(start.read(), ({ state }) => backbone.setState(state)));
    } else if (start) {
      await inFile(start.path, () => loadPyTorchState(backbone, start.tensors));
    }
    return freeze === 0 ? backbone : freezeStages(backbone, freeze);
  } catch (error) {
    backbone.dispose();
    throw error;
  }
}

function withState<Result>(file: ModelFile, work: (file: ModelFile) => Result): Result {
  try {
    return work(file);
  } finally {
    tf.dispose(file.state);
  }
}
