import {
  type BackboneConfig,
  checkFiniteWeight,
  checkQuestion,
  DataError,
  decodeSafetensors,
  encodeState,
  type FaceCrop,
  type LearnedThreshold,
  type LossConfig,
  questionProblem,
  type ThresholdQuestion,
} from '@openset/core';
import { type NamedTensorMap, tensor } from '@tensorflow/tfjs-core';
import type { Calibration } from './calibration.ts';
import { type GalleryThreshold, galleryThresholdsProblem } from './gallery-thresholds.ts';
import { impliedQuestion } from './threshold-question.ts';

/**
 * Origin of a threshold: learned in training; calibrated on pairs of the user; estimated on people held out from training
 * (`held-out`), or on each part of the people by a network trained on the others (`cross-fit`); computed from the learned
 * bias and its prior, `pairThreshold` (`closed-form`).
 */
export type ThresholdSource = 'learned' | 'calibrated' | 'held-out' | 'cross-fit' | 'closed-form';

/** Metadata of a model file. */
export interface ModelDescription {
  /** Configuration of the backbone, for `createBackbone` of `@openset/backbones`. */
  readonly backbone: BackboneConfig;
  /** Accept iff the cosine of two embeddings is at least this. */
  readonly threshold: number;
  /** Origin of the threshold. */
  readonly thresholdSource: ThresholdSource;
  /** Question that the threshold answers; null or missing if it is unknown. Older files lack it; `decodeModel` then adds it. */
  readonly question?: ThresholdQuestion | null;
  /** 95 % confidence interval of the threshold; null or missing if there was none. */
  readonly thresholdInterval?: { readonly low: number; readonly high: number } | null;
  /** Thresholds for searches in galleries, ascending by size; null or missing if there were none. See `thresholdForGallery`. */
  readonly galleryThresholds?: readonly GalleryThreshold[] | null;
  /** Number of people that the threshold was estimated on; null or missing if it was not, or if they are unknown. */
  readonly thresholdPeople?: number | null;
  /** Target false accept rate of the calibration; null or missing if there was none. */
  readonly falseAcceptRate?: number | null;
  /**
   * Threshold learned in training, even if it separates embeddings from classes. Its scale and number of comparisons give
   * `pairThreshold` of core the closed form for other odds.
   */
  readonly learnedThreshold?: LearnedThreshold | null;
  /** Curve for probabilities; null or missing if there was none. `Verifier` ignores a curve that falls. */
  readonly calibration?: Calibration | null;
  /** Configuration of the loss in training. */
  readonly loss?: LossConfig;
  /** Whether the embedding is f(x) + f(mirrored x). */
  readonly flipSum?: boolean;
  /**
   * Whether images were turned upright by their EXIF orientation in training, or in calibration: `'exif'`, or not:
   * `'ignore'`. Read images for the model in the same way.
   */
  readonly orientation?: 'exif' | 'ignore';
  /** How faces were cropped in training; missing if images are taken as they are. Crop photos for the model in the same way. */
  readonly crop?: FaceCrop;
}

/** Contents of a model file. */
export interface ModelFile {
  /** Metadata of the model. */
  readonly description: ModelDescription;
  /** Weights for `backbone.setState`; the caller disposes of them. */
  readonly state: NamedTensorMap;
}

const key = 'openset.model';
const version = 1;

/**
 * Encodes a trained model and its threshold as one safetensors file: the weights as tensors, the description as JSON in the
 * file's metadata.
 * @param state `backbone.getState()`; the caller disposes of it
 * @throws DataError if a weight has values that are NaN or infinite; ConfigError if the question is out of range
 */
export async function encodeModel(
  description: ModelDescription,
  state: NamedTensorMap,
): Promise<Uint8Array<ArrayBuffer>> {
  if (description.question) checkQuestion(description.question);
  for (const [name, tensor] of Object.entries(state)) checkFiniteWeight(name, await tensor.data());
  return encodeState(state, { [key]: JSON.stringify({ version, ...description }) });
}

/**
 * Reads a model file.
 * A file of an older version gets the question that its threshold implies.
 * @param bytes must not change later: a backend may keep the weights where they are
 * @throws DataError if the file is damaged, is another kind of safetensors file, has a newer version, or has weights that
 *   are NaN or infinite
 * @example
 * import { createBackbone, smallCnn } from '@openset/backbones';
 * import { decodeModel, encodeModel, Verifier } from '@openset/verify';
 * import '@tensorflow/tfjs';
 *
 * const trained = smallCnn({ channels: 1 });
 * const description = { backbone: trained.getConfig(), threshold: 0.5, thresholdSource: 'calibrated' } as const;
 * const bytes = await encodeModel(description, trained.getState()); // save them as model.safetensors
 *
 * const model = decodeModel(bytes);
 * const backbone = createBackbone(model.description.backbone);
 * backbone.setState(model.state);
 * const verifier = new Verifier({ ...model.description, backbone });
 */
export function decodeModel(bytes: Uint8Array): ModelFile {
  const { metadata, tensors } = decodeSafetensors(bytes, { copies: false });
  const text = metadata[key];
  if (text === undefined) {
    throw new DataError(
      `This safetensors file is not an openset model: its metadata have no '${key}'. For PyTorch weights, use ` +
        'loadPyTorchState of @openset/backbones.',
    );
  }
  const description = parse(text);
  if (description.version !== version) {
    throw new DataError(
      `The model file has version ${String(description.version)}, but this program reads version ${version}: update openset.`,
    );
  }
  const { version: _, ...rest } = description;
  const { backbone, threshold } = rest;
  if (typeof backbone?.backbone !== 'string' || !Number.isFinite(threshold)) {
    throw new DataError('The model file is damaged: its description lacks the backbone or the threshold.');
  }
  const { question = impliedQuestion(rest) } = rest;
  const problem =
    (question && questionProblem(question)) ??
    (rest.galleryThresholds ? galleryThresholdsProblem(rest.galleryThresholds) : null);
  if (problem) throw new DataError(`The model file is damaged: ${problem}`);
  for (const [name, { data }] of Object.entries(tensors)) checkFiniteWeight(name, data);
  const state = Object.entries(tensors).map(
    ([name, { data, shape, dtype }]) => [name, tensor(data, [...shape], dtype)] as const,
  );
  return { description: { ...rest, question }, state: Object.fromEntries(state) };
}

function parse(text: string): ModelDescription & { version?: unknown } {
  try {
    return JSON.parse(text) as ModelDescription & { version?: unknown };
  } catch (error) {
    throw new DataError('The model file is damaged: its description is not JSON.', { cause: error });
  }
}
