import { ConfigError } from '@openset/core';
import type * as tf from '@tensorflow/tfjs-core';
import { checkOptionNames } from './backbone-options.ts';

/** Options of `asBackbone`. */
export interface AsBackboneOptions {
  /** Name in messages and in the configuration; default: the model's name, `'graph-model'` or `'function'`. */
  readonly name?: string;
  /** Height, width and channels; null accepts any size. Required unless the source is a `LayersModel`. */
  readonly inputShape?: readonly [height: number | null, width: number | null, channels: number];
  /** Length of an embedding. Required unless the source is a `LayersModel`. */
  readonly embeddingSize?: number;
  /** Node of a graph model whose output is the embedding; default: the model's only output. */
  readonly output?: string;
  /** Values of black and white that the model expects, in place of −1 and 1; default: images stay unchanged. */
  readonly inputRange?: readonly [black: number, white: number];
  /** Further preprocessing of the images, after `inputRange` is applied. */
  readonly preprocess?: (images: tf.Tensor4D) => tf.Tensor4D;
  /** Whether to train a `LayersModel`; default false, a frozen feature extractor. */
  readonly trainable?: boolean;
}

const optionNames: readonly (keyof AsBackboneOptions)[] = [
  'name',
  'inputShape',
  'embeddingSize',
  'output',
  'inputRange',
  'preprocess',
  'trainable',
];

/**
 * Checks options that no type checker has seen: those from plain JavaScript or from a file.
 * @throws ConfigError if an option is unknown, or if `inputShape` or `inputRange` is invalid
 */
export function checkAsBackboneOptions(options: AsBackboneOptions): void {
  checkOptionNames('asBackbone', options, optionNames);
  const { inputShape, inputRange } = options;
  const isLength = (size: unknown) => size === null || (Number.isInteger(size) && (size as number) > 0);
  if (inputShape !== undefined && !(isListOf(3, inputShape) && inputShape.every(isLength))) {
    throw new ConfigError(
      'asBackbone: inputShape must be [height, width, channels], whole numbers from 1 or null for any, but is ' +
        `${listText(inputShape)}.`,
    );
  }
  // With one value for black and white, all images would be equal.
  const isRange = isListOf(2, inputRange) && inputRange.every(Number.isFinite);
  if (inputRange !== undefined && !(isRange && inputRange[0] !== inputRange[1])) {
    throw new ConfigError(
      `asBackbone: inputRange must be [black, white], two finite numbers that differ, but is ${listText(inputRange)}.`,
    );
  }
}

function isListOf(length: number, value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length === length;
}

function listText(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(String).join(', ')}]` : String(value);
}
