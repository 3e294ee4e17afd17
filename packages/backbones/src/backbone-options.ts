import { type BackboneConfig, ConfigError, checkNumber } from '@openset/core';

/** Options of every network of this package. */
export interface NetworkOptions {
  /** Side of square images in pixels, or height and width. */
  readonly inputSize?: number | readonly [height: number, width: number];
  /** Channels of the images: 3 for colour, 1 for grey; default 3. */
  readonly channels?: number;
  /** Seed of the initial weights; default 0. The same seed gives the same weights on every backend. */
  readonly seed?: number;
  /**
   * Gradient checkpointing: keeps only the inputs of the blocks for the backward pass, and recomputes the rest block by
   * block. The gradients are the same. Memory falls to a fraction, and a step takes about a third longer. Default false.
   */
  readonly checkpointing?: boolean;
}

/** `NetworkOptions` with every default filled in. */
export interface ResolvedNetworkOptions {
  readonly inputSize: readonly [height: number, width: number];
  readonly channels: number;
  readonly seed: number;
  readonly checkpointing: boolean;
}

/**
 * Checks the common options and fills in the defaults.
 * @param name the network, for messages
 * @param limits the default and the smallest side of an image
 * @throws ConfigError for an option out of range
 */
export function resolveNetworkOptions(
  name: string,
  options: NetworkOptions,
  limits: { readonly inputSize: number; readonly minimum: number },
): ResolvedNetworkOptions {
  const { inputSize = limits.inputSize, channels = 3, seed = 0, checkpointing = false } = options;
  const sides = typeof inputSize === 'number' ? ([inputSize, inputSize] as const) : inputSize;
  if (!Array.isArray(sides) || sides.length !== 2) {
    throw new ConfigError(
      `${name}: inputSize must be a number or [height, width], but is ${String(inputSize)}.`,
    );
  }
  const [height, width] = sides as readonly [number, number];
  for (const side of [height, width]) {
    checkNumber(`${name}: inputSize`, side, { minimum: limits.minimum, integer: true });
  }
  if (channels !== 1 && channels !== 3) {
    throw new ConfigError(`${name}: channels must be 1 (grey) or 3 (colour), but is ${String(channels)}.`);
  }
  checkNumber(`${name}: seed`, seed, { integer: true });
  if (typeof checkpointing !== 'boolean') {
    throw new ConfigError(`${name}: checkpointing must be true or false, but is ${String(checkpointing)}.`);
  }
  return { inputSize: [height, width], channels, seed, checkpointing };
}

/**
 * Checks that every option is known, so that a misspelt option is not ignored silently.
 * @throws ConfigError with the unknown and the known options
 */
export function checkOptionNames(name: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((key) => key !== 'backbone' && !known.includes(key));
  if (unknown.length === 0) return;
  throw new ConfigError(`${name} has no option ${unknown.join(', ')}; it has ${known.join(', ')}.`);
}

/**
 * Checks a list of block counts.
 * @param stages the length of the list; default: any length from 1
 * @throws ConfigError if the length differs or a count is not a whole number from 1
 */
export function checkBlocks(name: string, blocks: readonly number[], stages?: number): void {
  if (!Array.isArray(blocks) || blocks.length === 0 || blocks.length !== (stages ?? blocks.length)) {
    const count = stages === undefined ? 'at least one stage' : `${stages} stages`;
    throw new ConfigError(
      `${name}: blocks must list the blocks of ${count}, but is ${JSON.stringify(blocks)}.`,
    );
  }
  for (const count of blocks) checkNumber(`${name}: blocks`, count, { minimum: 1, integer: true });
}

/** Checks sizes that must be whole numbers from 1. @throws ConfigError */
export function checkCounts(name: string, counts: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(counts)) {
    checkNumber(`${name}: ${key}`, count, { minimum: 1, integer: true });
  }
}

/** Returns the configuration of a backbone, a copy of plain JSON. */
export function makeConfig(backbone: string, options: object): BackboneConfig {
  return structuredClone({ backbone, ...options });
}
