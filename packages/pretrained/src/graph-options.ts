import type { BackboneConfig } from '@openset/core';
import { ConfigError, checkNumber } from '@openset/core';

/** How much of a graph is frozen: all of it, or this many of its first stages. */
export type GraphFreeze = 'all' | number;

/** Options of `graphBackbone`. */
export interface GraphBackboneOptions {
  /** Node whose output is the embedding, or the features that a head maps to one. */
  readonly output: string;
  /** Name in messages and in the configuration; default `'graph'`. */
  readonly name?: string;
  /** Height, width and channels of the images; default: those of the graph. */
  readonly inputShape?: readonly [height: number, width: number, channels: 1 | 3];
  /** Values of black and white that the graph expects, in place of −1 and 1; default `[-1, 1]`. */
  readonly inputRange?: readonly [black: number, white: number];
  /** Length of the embedding of a trained head: a linear map and a batch norm; default null, no head. */
  readonly head?: number | null;
  /** Stages that are not trained; default `'all'`. */
  readonly freeze?: GraphFreeze;
  /** Seed of the initial weights of the head; default 0. */
  readonly seed?: number;
  /** Number of features of an image, before the head; default: measured by one pass. */
  readonly featureSize?: number;
}

/** Options of `graphBackbone` with all defaults filled in. */
export interface ResolvedGraphOptions {
  readonly backbone: 'graph';
  /** Word of the network, or another name. */
  readonly name: string;
  /** Node whose value is the embedding, or the features for the head. */
  readonly output: string;
  /** Height, width and channels of the images. */
  readonly inputShape: readonly [height: number, width: number, channels: 1 | 3];
  /** Values of black and white that the graph takes in place of −1 and 1. */
  readonly inputRange: readonly [black: number, white: number];
  /** Number of values of an embedding after the head; null without a head. */
  readonly head: number | null;
  /** Part of the graph that is not trained. */
  readonly freeze: GraphFreeze;
  /** Seed of the initial weights of the head. */
  readonly seed: number;
}

/** Configuration of a graph backbone, as plain JSON. Its state has the graph itself. */
export type GraphBackboneConfig = BackboneConfig &
  ResolvedGraphOptions & {
    /** Number of features of an image, before the head. */
    readonly featureSize: number;
  };

/**
 * Checks the options that do not depend on the graph, and fills in defaults.
 * @param known input shape of the graph; null where it leaves a size open
 * @throws ConfigError for an option out of range
 */
export function resolveGraphOptions(
  options: GraphBackboneOptions,
  known: readonly (number | null)[],
): ResolvedGraphOptions {
  const { output, name = 'graph', inputRange = [-1, 1], head = null, freeze = 'all', seed = 0 } = options;
  const inputShape = options.inputShape ?? known;
  const [height, width, channels] = inputShape;
  if (height == null || width == null || (channels !== 1 && channels !== 3)) {
    const found = inputShape.map((size) => size ?? 'any').join(', ');
    throw new ConfigError(
      `${name}: the graph takes images [${found}], but a backbone needs a fixed height and width, and 1 or 3 channels. ` +
        'Give inputShape [height, width, channels].',
    );
  }
  for (const [axis, size] of inputShape.entries()) {
    checkNumber(`${name}: inputShape[${axis}]`, size!, { minimum: 1, integer: true });
    if (known[axis] == null || known[axis] === size) continue;
    throw new ConfigError(
      `${name}: inputShape is [${inputShape.join(', ')}], but the graph takes images [${known.map((one) => one ?? 'any').join(', ')}].`,
    );
  }
  const [black, white] = inputRange;
  if (inputRange.length !== 2 || !Number.isFinite(black) || !Number.isFinite(white) || black === white) {
    throw new ConfigError(
      `${name}: inputRange must be [black, white], two finite numbers that differ, but is [${inputRange.join(', ')}].`,
    );
  }
  if (head !== null) checkNumber(`${name}: head`, head, { minimum: 1, integer: true });
  if (freeze !== 'all') checkNumber(`${name}: freeze`, freeze, { minimum: 0, integer: true });
  checkNumber(`${name}: seed`, seed, { integer: true });
  return {
    backbone: 'graph',
    name,
    output,
    inputShape: [height, width, channels],
    inputRange: [black, white],
    head,
    freeze,
    seed,
  };
}
