import { ConfigError } from '@openset/core';
import type * as tf from '@tensorflow/tfjs-core';
import { checkOptionNames } from './backbone-options.ts';

/** Options of `asBackbone`. */
export interface AsBackboneOptions {
  /** For messages and the configuration; default: the model's name, `'graph-model'` or `'function'`. */
  readonly name?: string;
  /** Height, width and channels, null for any size; needed but for a `LayersModel`, which knows it. */
  readonly inputShape?: readonly [height: number | null, width: number | null, channels: number];
  /** Needed but for a `LayersModel`, which knows it. */
  readonly embeddingSize?: number;
  /** For a graph model: the node whose output is the embedding; default: the model's only output. */
  readonly output?: string;
  /** What the model wants to see for black and white where images hold −1 and 1; default: images as they are. */
  readonly inputRange?: readonly [black: number, white: number];
  /** Anything else to be done to the images before the model sees them, after `inputRange`. */
  readonly preprocess?: (images: tf.Tensor4D) => tf.Tensor4D;
  /** For a `LayersModel`: train it too; default false, a frozen feature extractor. */
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
 * Checks what the types do not: callers of plain JavaScript, and options that were read from a file.
 * @throws ConfigError if an option is unknown, or `inputShape` or `inputRange` is not what it must be
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
  // Of one value for black and white, all images would be alike.
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
