import type { io } from '@tensorflow/tfjs-core';
import { describeNetwork, type NetworkDescription } from './describe-network.ts';
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

/** A network of the table, opened. */
export interface OpenedNetwork {
  /** The network on the active backend; the caller disposes of it. */
  readonly backbone: GraphBackbone;
  /** What is known about the network. */
  readonly network: PretrainedNetwork;
  /** The network with its crop and the threshold that ships with it, as `Verifier` and `modelFingerprint` of `@openset/verify` take it. */
  readonly description: NetworkDescription;
}

/** Options of `loadPretrained`: those of `graphBackbone` that the table does not give. */
export type LoadPretrainedOptions = Pick<GraphBackboneOptions, 'head' | 'freeze' | 'seed'>;

/**
 * Loads a network of the table onto the active backend. It runs in browsers; in Node, `openPretrained` of `@openset/pretrained/node`
 * reads installed packages.
 * @param word of `pretrainedNetworks`
 * @param read reads a file of the package's folder with the model, such as `faceres.json`
 * @throws DataError for an unknown word or a damaged model; ConfigError for an option out of range; the errors of `read`
 * @example
 * ```ts no-run
 * import { loadPretrained } from '@openset/pretrained';
 * import '@tensorflow/tfjs';
 *
 * const read = async (path: string) => new Uint8Array(await (await fetch(`models/${path}`)).arrayBuffer());
 * const { backbone, network } = await loadPretrained('faceres', read);
 * ```
 */
export async function loadPretrained(
  word: string,
  read: ReadModelFile,
  options: LoadPretrainedOptions = {},
): Promise<OpenedNetwork> {
  const network = findPretrainedNetwork(word);
  const { inputShape, inputRange, output, embeddingSize: featureSize } = network;
  const files = await readNetworkFiles(network, read);
  const backbone = graphBackbone(files, {
    ...options,
    name: word,
    inputShape,
    inputRange,
    output,
    featureSize,
  });
  return { backbone, network, description: describeNetwork(network, backbone.getConfig()) };
}

/**
 * Reads the graph model of a network of the table.
 * @throws DataError if its files are damaged; the errors of `read`
 */
export async function readNetworkFiles(
  { file, graph }: PretrainedNetwork,
  read: ReadModelFile,
): Promise<GraphFiles> {
  const name = file.slice(file.lastIndexOf('/') + 1);
  if (!graph) return readGraphModel(name, read);
  const manifest = (await readJson(name, read)) as io.WeightsManifestConfig;
  return graph(await readManifest(manifest, read));
}
