import {
  type BackboneConfig,
  DataError,
  decodeSafetensors,
  decodeState,
  encodeState,
  type LearnedThreshold,
  type LossConfig,
} from '@openset/core';
import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import type { Calibration } from './verifier.ts';

/** What a model file tells beside the weights. */
export interface ModelDescription {
  /** Makes the backbone again: `createBackbone` of `@openset/backbones`. */
  readonly backbone: BackboneConfig;
  /** Accept when the cosine of two embeddings is at least this. */
  readonly threshold: number;
  /** Where the threshold comes from. */
  readonly thresholdSource: 'learned' | 'calibrated';
  /** The share of pairs of different people that it was calibrated to accept at most; null or missing: it was not. */
  readonly falseAcceptRate?: number | null;
  /** What the loss learned, also where it separates embeddings from classes. */
  readonly learnedThreshold?: LearnedThreshold | null;
  readonly calibration?: Calibration | null;
  readonly loss?: LossConfig;
  readonly flipSum?: boolean;
}

/** A model file, read. */
export interface ModelFile {
  readonly description: ModelDescription;
  /** The weights, for `backbone.setState`; dispose of them. */
  readonly state: NamedTensorMap;
}

const key = 'openset.model';
const version = 1;

/**
 * A trained model with its threshold as one safetensors file: the weights as tensors, the description as JSON in the
 * file's metadata.
 * @param state `backbone.getState()`; the caller disposes of it
 */
export function encodeModel(
  description: ModelDescription,
  state: NamedTensorMap,
): Promise<Uint8Array<ArrayBuffer>> {
  return encodeState(state, { [key]: JSON.stringify({ version, ...description }) });
}

/**
 * Reads a model file.
 * @throws DataError if the file is damaged, is another safetensors file, or is of a newer version
 * @example
 * const { description, state } = decodeModel(await readFile('model.safetensors'));
 * const backbone = createBackbone(description.backbone);
 * backbone.setState(state);
 * const verifier = new Verifier({ ...description, backbone });
 */
export function decodeModel(bytes: Uint8Array): ModelFile {
  const text = decodeSafetensors(bytes).metadata[key];
  if (text === undefined) {
    throw new DataError(
      `This safetensors file is no openset model: its metadata have no '${key}'. For weights of PyTorch use ` +
        'loadPyTorchState of @openset/backbones.',
    );
  }
  const description = parse(text);
  if (description.version !== version) {
    throw new DataError(
      `The model file has version ${String(description.version)}, this program reads version ${version}: update openset.`,
    );
  }
  const { version: _, ...rest } = description;
  const { backbone, threshold } = rest;
  if (typeof backbone?.backbone !== 'string' || !Number.isFinite(threshold)) {
    throw new DataError('The model file is damaged: its description lacks the backbone or the threshold.');
  }
  return { description: rest, state: decodeState(bytes) };
}

function parse(text: string): ModelDescription & { version?: unknown } {
  try {
    return JSON.parse(text) as ModelDescription & { version?: unknown };
  } catch (error) {
    throw new DataError('The model file is damaged: its description is not JSON.', { cause: error });
  }
}
