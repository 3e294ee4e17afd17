import { dirname } from 'node:path';
import type { GraphFiles, ReadModelFile } from './graph-model.ts';
import {
  type LoadPretrainedOptions,
  loadPretrained,
  type OpenedNetwork,
  readNetworkFiles,
} from './load-pretrained.ts';
import { findPretrainedNetwork, type PretrainedNetwork } from './pretrained-networks.ts';
import { readInstalledModel } from './read-installed-model.ts';

/** Options of `openPretrained`. */
export interface OpenPretrainedOptions extends LoadPretrainedOptions {
  /** Path of a file or folder whose `node_modules` are searched, and those above it; default: the working folder. */
  readonly from?: string;
}

/**
 * Opens a network of the table from its installed package. Nothing is downloaded.
 * @throws DataError for an unknown word, or with the install command if the package is not installed; ConfigError for an
 *   option out of range
 * @example
 * import { openPretrained } from '@openset/pretrained/node';
 * import '@tensorflow/tfjs';
 *
 * const { backbone, network } = await openPretrained('faceres'); // needs npm install @vladmandic/human
 * console.log(network.license, backbone.inputShape); // MIT [224, 224, 3]
 * backbone.dispose();
 */
export async function openPretrained(
  word: string,
  { from, ...options }: OpenPretrainedOptions = {},
): Promise<OpenedNetwork> {
  return loadPretrained(word, installedReader(findPretrainedNetwork(word), from), options);
}

/**
 * Reads the graph model of a network of the table from its installed package.
 * @param from path of a file or folder whose `node_modules` are searched, and those above it; default: the working folder
 * @throws DataError with the install command if the package is not installed, or if its files are damaged
 */
export async function readPretrainedFiles(network: PretrainedNetwork, from?: string): Promise<GraphFiles> {
  return readNetworkFiles(network, installedReader(network, from));
}

function installedReader({ package: name, file }: PretrainedNetwork, from?: string): ReadModelFile {
  return readInstalledModel(name, dirname(file), from);
}
