import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { ConfigError, DataError, type FaceCrop } from '@openset/core';
import {
  describeGraphInput,
  type GraphBackbone,
  type GraphBackboneOptions,
  type GraphFiles,
  graphBackbone,
  isPretrainedWord,
  pretrainedNetworks,
  readGraphModel,
} from '@openset/pretrained';
import { readPretrainedFiles } from '@openset/pretrained/node';
import { readBytes } from '../files/read-file.ts';

/** A graph model as a configuration names it. */
export interface GraphSource {
  /** SHA-256 of the graph and its weights, hexadecimal. */
  readonly sha256: string;
  /** Height, width and channels of the images; null for what the graph leaves open. */
  readonly input: readonly [height: number | null, width: number | null, channels: number | null];
  /** Values of black and white; undefined if they are unknown. */
  readonly inputRange: readonly [black: number, white: number] | undefined;
  /** How faces are cropped for it; undefined if that is unknown. */
  readonly crop: FaceCrop | undefined;
  /** Creates the backbone. */
  open(options: Omit<GraphBackboneOptions, 'output' | 'name' | 'featureSize'>): GraphBackbone;
}

/**
 * Reads a graph model.
 * @param source word of a pretrained network, or `PATH#OUTPUT_NODE`
 * @throws DataError if a package or a file is missing or is no graph model; ConfigError without an output node
 */
export async function readGraphSource(source: string): Promise<GraphSource> {
  if (isPretrainedWord(source)) {
    const network = pretrainedNetworks[source]!;
    const files = await readPretrainedFiles(network);
    const { output, embeddingSize: featureSize, inputShape, inputRange, crop } = network;
    const open: GraphSource['open'] = (options) =>
      graphBackbone(files, { inputShape, inputRange, ...options, output, featureSize, name: source });
    return { sha256: hashFiles(files), input: inputShape, inputRange, crop, open };
  }
  const [path, output] = splitSource(source);
  const files = await readGraphModel(basename(path), (name) => readBytes(join(dirname(path), name)));
  const { height, width, channels } = describeGraphInput(files, output);
  return {
    sha256: hashFiles(files),
    input: [height, width, channels],
    inputRange: undefined,
    crop: undefined,
    open: (options) => graphBackbone(files, { ...options, output, name: basename(path, '.json') }),
  };
}

/** Splits `PATH#OUTPUT_NODE`. @throws ConfigError without a node */
export function splitSource(source: string): [path: string, output: string] {
  const at = source.lastIndexOf('#');
  if (at > 0 && at < source.length - 1) return [source.slice(0, at), source.slice(at + 1)];
  throw new ConfigError(
    `'${source}' names no output node. Write graph:PATH.json#OUTPUT_NODE, such as graph:model.json#global_pooling/Mean.`,
  );
}

/** @throws DataError if the files of a graph model have changed since the run started */
export function checkSameSource(source: string, before: string | undefined, now: string): void {
  if (before === undefined || before === now) return;
  throw new DataError(
    `'${source}' has changed since the run started: its SHA-256 is ${now.slice(0, 12)}…, but the run has ` +
      `${before.slice(0, 12)}…. Restore the file or the version of the package.`,
  );
}

function hashFiles({ modelTopology, weightData }: GraphFiles): string {
  const hash = createHash('sha256').update(JSON.stringify(modelTopology));
  for (const part of [weightData].flat()) hash.update(new Uint8Array(part));
  return hash.digest('hex');
}
