import { basename, dirname } from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import { type GraphBackbone, graphBackbone } from './graph-backbone.ts';
import {
  type GraphFiles,
  type ReadModelFile,
  readGraphModel,
  readJson,
  readManifest,
} from './graph-model.ts';
import type { GraphBackboneOptions } from './graph-options.ts';
import { findPretrainedNetwork, type PretrainedNetwork } from './pretrained-networks.ts';
import { readInstalledModel } from './read-installed-model.ts';

/** A network of the table, opened. */
export interface OpenedNetwork {
  /** The network on the active backend; the caller disposes of it. */
  readonly backbone: GraphBackbone;
  readonly network: PretrainedNetwork;
}

/** Options of `openPretrained`: those of `graphBackbone` that the table does not give. */
export interface OpenPretrainedOptions extends Pick<GraphBackboneOptions, 'head' | 'freeze' | 'seed'> {
  /** Path of a file or folder whose `node_modules` are searched, and those above it; default: the working folder. */
  readonly from?: string;
}

/**
 * Opens a network of the table from its installed package. Nothing is downloaded.
 * @throws DataError for an unknown word, or with the install command if the package is not installed; ConfigError for an
 *   option out of range
 * @example
 * const { backbone, network } = await openPretrained('faceres');
 */
export async function openPretrained(
  word: string,
  { from, ...options }: OpenPretrainedOptions = {},
): Promise<OpenedNetwork> {
  const network = findPretrainedNetwork(word);
  const { inputShape, inputRange, output, embeddingSize: featureSize } = network;
  const files = await readPretrainedFiles(network, from);
  const backbone = graphBackbone(files, {
    ...options,
    name: word,
    inputShape,
    inputRange,
    output,
    featureSize,
  });
  return { backbone, network };
}

/**
 * Reads the graph model of a network of the table from its installed package.
 * @param from path of a file or folder whose `node_modules` are searched, and those above it; default: the working folder
 * @throws DataError with the install command if the package is not installed, or if its files are damaged
 */
export async function readPretrainedFiles(network: PretrainedNetwork, from?: string): Promise<GraphFiles> {
  const { package: packageName, file, graph } = network;
  const read: ReadModelFile = readInstalledModel(packageName, dirname(file), from);
  if (!graph) return readGraphModel(basename(file), read);
  const manifest = (await readJson(basename(file), read)) as io.WeightsManifestConfig;
  return graph(await readManifest(manifest, read));
}
