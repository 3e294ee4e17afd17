import {
  type BackboneConfig,
  ConfigError,
  DataError,
  type FaceCrop,
  faceCropProblem,
  type LearnedThreshold,
  type LossConfig,
  questionProblem,
  type ThresholdQuestion,
} from '@openset/core';
import type { ModelHeaderProto } from './format/schema.ts';
import { decodeMessage } from './format/wire-format.ts';
import type { OnnxInputConvention } from './input-convention.ts';
import { metadataKeys as keys } from './metadata-keys.ts';

/** Output of an ONNX file. */
export interface OnnxOutputConvention {
  /** Number of values of an embedding. */
  readonly embeddingSize: number;
  /** Whether the output is f(image) + f(mirrored image), the papers' test feature. */
  readonly flipSum: boolean;
  /** Whether embeddings have unit length. */
  readonly normalized: boolean;
}

/** Metadata that openset writes. */
export interface OnnxDescription {
  /** Threshold learned in training, or its override; null if there is none. */
  readonly threshold: LearnedThreshold | null;
  /** Question that the threshold answers; null if unknown. */
  readonly question: ThresholdQuestion | null;
  /** How faces were cropped in training; null for images as they are, undefined if unknown. Crop photos for the file in the same way. */
  readonly crop: FaceCrop | null | undefined;
  /** Configuration of the loss; null if unknown. */
  readonly loss: LossConfig | null;
  /** Configuration of the backbone; null if unknown. */
  readonly backbone: BackboneConfig | null;
  /** Images that the model takes. */
  readonly input: OnnxInputConvention;
  /** Embeddings that the model returns. */
  readonly output: OnnxOutputConvention;
}

/** Metadata of an ONNX file. `input` and `output` are null in files of other programs. */
export interface OnnxMetadata extends Omit<OnnxDescription, 'input' | 'output'> {
  readonly input: OnnxInputConvention | null;
  readonly output: OnnxOutputConvention | null;
  /** Program that wrote the file. */
  readonly producer: { readonly name: string; readonly version: string };
  /** Version of the ONNX operators. */
  readonly opset: number;
  /** All metadata of the file, unparsed. */
  readonly properties: Readonly<Record<string, string>>;
}

/**
 * Returns the metadata entries of a file: those of openset, then the caller's.
 * @throws ConfigError if an entry of the caller is not a string, or its key is reserved
 */
export function encodeMetadata(
  { threshold, question, crop, loss, backbone, input, output }: OnnxDescription,
  own: Readonly<Record<string, string>>,
): readonly { readonly key: string; readonly value: string }[] {
  for (const [key, value] of Object.entries(own)) {
    if (typeof value !== 'string') {
      throw new ConfigError(`metadata: the value of '${key}' must be a string, but is ${String(value)}.`);
    }
    if (key.startsWith('openset.')) {
      throw new ConfigError(
        `metadata: the key '${key}' starts with 'openset.', which is reserved: rename it.`,
      );
    }
  }
  const entries: [string, string | null][] = [
    [keys.thresholdCosine, threshold && String(threshold.cosine)],
    [keys.thresholdBetween, threshold?.between ?? null],
    [keys.thresholdQuestion, question && JSON.stringify(question)],
    [keys.inputCrop, crop === undefined ? null : JSON.stringify(crop)],
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
 * Reads the metadata of an ONNX file, without decoding the weights.
 * @param bytes the whole file
 * @throws DataError if this is not an ONNX file, or openset's metadata in it are damaged
 */
export function readOnnxMetadata(bytes: Uint8Array): OnnxMetadata {
  const header = decodeMessage('ModelHeader', bytes) as unknown as Partial<ModelHeaderProto>;
  const { irVersion, opsetImport = [], metadataProps = [], producerName = '', producerVersion = '' } = header;
  if (irVersion === undefined || opsetImport.length === 0) {
    throw new DataError('This is not an ONNX file: it has no version of the format or of the operators.');
  }
  const pairs = metadataProps.map(({ key = '', value = '' }) => [key, value] as const);
  const properties = Object.fromEntries(pairs);
  const text = new Map(pairs);
  return {
    producer: { name: producerName, version: producerVersion },
    opset: opsetImport.find(({ domain = '' }) => domain === '')?.version ?? 0,
    threshold: text.has(keys.thresholdCosine) ? readThreshold(text) : null,
    question: text.has(keys.thresholdQuestion) ? readJson(text, keys.thresholdQuestion, isQuestion) : null,
    crop: text.has(keys.inputCrop) ? readJson(text, keys.inputCrop, isCrop) : undefined,
    loss: text.has(keys.loss) ? readJson(text, keys.loss, isConfig('loss')) : null,
    backbone: text.has(keys.backbone) ? readJson(text, keys.backbone, isConfig('backbone')) : null,
    input: text.has(keys.inputLayout) ? readInput(text) : null,
    output: text.has(keys.embeddingSize) ? readOutput(text) : null,
    properties,
  };
}

type Properties = ReadonlyMap<string, string>;

function readThreshold(text: Properties): LearnedThreshold {
  const cosine = readJson(text, keys.thresholdCosine, isNumber);
  const between = readWord(text, keys.thresholdBetween, ['embeddings', 'embedding and class']);
  return { cosine, between };
}

function readInput(text: Properties): OnnxInputConvention {
  return {
    layout: readWord(text, keys.inputLayout, ['nchw', 'nhwc']),
    type: readWord(text, keys.inputType, ['float32', 'uint8']),
    size: readJson(text, keys.inputSize, isSize),
    channels: readJson(text, keys.inputChannels, isNumber),
    colorOrder: readWord(text, keys.inputColorOrder, ['rgb', 'bgr', 'gray']),
    mean: readJson(text, keys.inputMean, isNumbers),
    std: readJson(text, keys.inputStd, isNumbers),
    range: readJson(text, keys.inputRange, isRange),
  };
}

function readOutput(text: Properties): OnnxOutputConvention {
  return {
    embeddingSize: readJson(text, keys.embeddingSize, isNumber),
    flipSum: readJson(text, keys.flipSum, isFlag),
    normalized: readJson(text, keys.normalized, isFlag),
  };
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.every(isNumber);
const isRange = (value: unknown): value is [number, number] => isNumbers(value) && value.length === 2;
const isSize = (value: unknown): value is [number | null, number | null] =>
  Array.isArray(value) && value.length === 2 && value.every((side) => side === null || isNumber(side));
const isQuestion = (value: unknown): value is ThresholdQuestion => questionProblem(value) === null;
const isCrop = (value: unknown): value is FaceCrop | null =>
  value === null || faceCropProblem(value) === null;
/** Returns a check for the configuration of a loss or a backbone: an object with a string under `kind`. */
const isConfig =
  <K extends string>(kind: K) =>
  (value: unknown): value is { readonly [key in K]: string } & { readonly [option: string]: unknown } =>
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Record<string, unknown>)[kind] === 'string';

function readJson<T>(text: Properties, key: string, isExpected: (value: unknown) => value is T): T {
  const value = text.get(key) ?? '';
  try {
    const parsed: unknown = JSON.parse(value);
    if (isExpected(parsed)) return parsed;
  } catch {
    // Reported below.
  }
  throw new DataError(`The metadata of this ONNX file are damaged: ${key} is '${value}'.`);
}

function readWord<T extends string>(text: Properties, key: string, allowed: readonly T[]): T {
  const value = text.get(key) ?? '';
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new DataError(
    `The metadata of this ONNX file are damaged: ${key} is '${value}', but must be one of ${allowed.join(', ')}.`,
  );
}
