import {
  type BackboneConfig,
  ConfigError,
  DataError,
  type LearnedThreshold,
  type LossConfig,
} from '@openset/core';
import type { ModelHeaderProto } from './format/schema.ts';
import { decodeMessage } from './format/wire-format.ts';
import type { OnnxInputConvention } from './input-convention.ts';
import { metadataKeys as keys } from './metadata-keys.ts';

/** What an ONNX file gives. */
export interface OnnxOutputConvention {
  readonly embeddingSize: number;
  /** Whether it is f(image) + f(mirrored image), the papers' test feature. */
  readonly flipSum: boolean;
  /** Whether it has length 1. */
  readonly normalized: boolean;
}

/** What openset writes into a file beside the network. */
export interface OnnxDescription {
  /** The learned threshold; null if there is none. */
  readonly threshold: LearnedThreshold | null;
  /** The loss that the backbone was trained with; null if not given. */
  readonly loss: LossConfig | null;
  /** The backbone's kind and options; null if not known. */
  readonly backbone: BackboneConfig | null;
  readonly input: OnnxInputConvention;
  readonly output: OnnxOutputConvention;
}

/** What stands in an ONNX file beside the network; `input` and `output` are null in files that openset did not write. */
export interface OnnxMetadata extends Omit<OnnxDescription, 'input' | 'output'> {
  readonly input: OnnxInputConvention | null;
  readonly output: OnnxOutputConvention | null;
  /** The program that wrote the file. */
  readonly producer: { readonly name: string; readonly version: string };
  /** Version of the ONNX operators. */
  readonly opset: number;
  /** All metadata of the file, as they stand there. */
  readonly properties: Readonly<Record<string, string>>;
}

/** The metadata of a file: those of openset, and the caller's own. */
export function metadataEntries(
  { threshold, loss, backbone, input, output }: OnnxDescription,
  own: Readonly<Record<string, string>>,
): readonly { readonly key: string; readonly value: string }[] {
  for (const [key, value] of Object.entries(own)) {
    if (typeof value !== 'string') {
      throw new ConfigError(`metadata: the value of '${key}' must be text, but is ${String(value)}.`);
    }
    if (key.startsWith('openset.')) {
      throw new ConfigError(`metadata: '${key}' begins with 'openset.', which openset keeps for itself.`);
    }
  }
  const entries: [string, string | null][] = [
    [keys.thresholdCosine, threshold && String(threshold.cosine)],
    [keys.thresholdBetween, threshold?.between ?? null],
    [keys.loss, loss && JSON.stringify(loss)],
    [keys.backbone, backbone && JSON.stringify(backbone)],
    [keys.inputLayout, input.layout],
    [keys.inputType, input.type],
    [keys.inputSize, JSON.stringify(input.size)],
    [keys.inputChannels, String(input.channels)],
    [keys.inputColorOrder, input.colorOrder],
    [keys.inputMean, JSON.stringify(input.mean)],
    [keys.inputStd, JSON.stringify(input.std)],
    [keys.inputRange, JSON.stringify(input.range)],
    [keys.embeddingSize, String(output.embeddingSize)],
    [keys.flipSum, String(output.flipSum)],
    [keys.normalized, String(output.normalized)],
    ...Object.entries(own),
  ];
  return entries.flatMap(([key, value]) => (value === null ? [] : [{ key, value }]));
}

/**
 * Reads what stands in an ONNX file beside the network, without decoding the weights.
 * @param bytes the whole file
 * @throws DataError if this is no ONNX file, or openset's metadata in it are damaged
 */
export function readOnnxMetadata(bytes: Uint8Array): OnnxMetadata {
  const header = decodeMessage('ModelHeader', bytes) as unknown as Partial<ModelHeaderProto>;
  const { irVersion, opsetImport = [], metadataProps = [], producerName = '', producerVersion = '' } = header;
  if (irVersion === undefined || opsetImport.length === 0) {
    throw new DataError('This is no ONNX file: it names no version of the format and of the operators.');
  }
  const pairs = metadataProps.map(({ key = '', value = '' }) => [key, value] as const);
  const properties = Object.fromEntries(pairs);
  const text = new Map(pairs);
  return {
    producer: { name: producerName, version: producerVersion },
    opset: opsetImport.find(({ domain = '' }) => domain === '')?.version ?? 0,
    threshold: text.has(keys.thresholdCosine) ? readThreshold(text) : null,
    loss: text.has(keys.loss) ? json(text, keys.loss, isConfig('loss')) : null,
    backbone: text.has(keys.backbone) ? json(text, keys.backbone, isConfig('backbone')) : null,
    input: text.has(keys.inputLayout) ? readInput(text) : null,
    output: text.has(keys.embeddingSize) ? readOutput(text) : null,
    properties,
  };
}

type Properties = ReadonlyMap<string, string>;

function readThreshold(text: Properties): LearnedThreshold {
  const cosine = json(text, keys.thresholdCosine, isNumber);
  const between = word(text, keys.thresholdBetween, ['embeddings', 'embedding and class']);
  return { cosine, between };
}

function readInput(text: Properties): OnnxInputConvention {
  return {
    layout: word(text, keys.inputLayout, ['nchw', 'nhwc']),
    type: word(text, keys.inputType, ['float32', 'uint8']),
    size: json(text, keys.inputSize, isSize),
    channels: json(text, keys.inputChannels, isNumber),
    colorOrder: word(text, keys.inputColorOrder, ['rgb', 'bgr', 'gray']),
    mean: json(text, keys.inputMean, isNumbers),
    std: json(text, keys.inputStd, isNumbers),
    range: json(text, keys.inputRange, isRange),
  };
}

function readOutput(text: Properties): OnnxOutputConvention {
  return {
    embeddingSize: json(text, keys.embeddingSize, isNumber),
    flipSum: json(text, keys.flipSum, isFlag),
    normalized: json(text, keys.normalized, isFlag),
  };
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.every(isNumber);
const isRange = (value: unknown): value is [number, number] => isNumbers(value) && value.length === 2;
const isSize = (value: unknown): value is [number | null, number | null] =>
  Array.isArray(value) && value.length === 2 && value.every((side) => side === null || isNumber(side));
/** The configuration of a loss or a backbone, whose kind is a word. */
const isConfig =
  <K extends string>(kind: K) =>
  (value: unknown): value is { readonly [key in K]: string } & { readonly [option: string]: unknown } =>
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Record<string, unknown>)[kind] === 'string';

function json<T>(text: Properties, key: string, isExpected: (value: unknown) => value is T): T {
  const value = text.get(key) ?? '';
  try {
    const parsed: unknown = JSON.parse(value);
    if (isExpected(parsed)) return parsed;
  } catch {
    // Said below.
  }
  throw new DataError(`The metadata of this ONNX file are damaged: ${key} is '${value}'.`);
}

function word<T extends string>(text: Properties, key: string, allowed: readonly T[]): T {
  const value = text.get(key) ?? '';
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new DataError(
    `The metadata of this ONNX file are damaged: ${key} is '${value}', not one of ${allowed.join(', ')}.`,
  );
}
