import { type Backbone, DataError, didYouMean, type EmbeddingEngine } from '@openset/core';
import { isPretrainedWord, pretrainedNetworks } from '@openset/pretrained';
import { openPretrained } from '@openset/pretrained/node';
import {
  type DescribedModel,
  decodeModel,
  type GivenThreshold,
  type ModelDescription,
  type ModelFile,
  selectPairThreshold,
  Verifier,
} from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import type { EngineChoice } from '../engine/engine-choice.ts';
import { type EngineFacts, type EngineRequest, openEngine } from '../engine/open-engine.ts';
import { inFile } from '../files/in-file.ts';
import { pathStatus } from '../files/paths.ts';
import { readBytes } from '../files/read-file.ts';
import type { ImageReading } from '../images/image-reading.ts';
import type { BackendChoice } from '../start-backend.ts';
import { runFolder } from '../training/run-paths.ts';
import { createNetwork } from './create-network.ts';

/** Options of every command that uses a model. */
export interface ModelOptions extends BackendChoice {
  /** Path of the model file or of the folder of a run, or the word of a pretrained network. */
  readonly model: string;
}

/** Options of every command that decides with a threshold. */
export interface DecisionOptions extends ModelOptions, EngineChoice {
  /** Overrides the threshold that decides: the model's, or for `identify` that of `selectGalleryThreshold`. */
  readonly threshold?: GivenThreshold | undefined;
}

/** A model on the active backend, whose verifier may embed on another engine. */
export interface LoadedModel extends DescribedModel {
  readonly backbone: Backbone;
  readonly verifier: Verifier;
  /** What the verifier embeds with; null if no engine was asked for, so it is the backend. */
  readonly engine: EngineFacts | null;
  /** Frees the weights and the engine. */
  dispose(): void;
}

/** Returns how to read images for a model: the options, by default with the orientation of its training, and its crop. */
export function readingFor<Reading extends ImageReading>(
  { description }: Pick<LoadedModel, 'description'>,
  options: Reading,
): Reading {
  const { orientation, crop } = description;
  return { ...options, orientation: options.orientation ?? orientation, crop };
}

/** Returns the path of a model file: the path itself, or the model in the folder of a run. */
export async function findModelFile(path: string): Promise<string> {
  return (await pathStatus(path))?.isDirectory() ? runFolder(path).model : path;
}

/** Returns whether a model is a pretrained network: a word of the table at which there is no file or folder. */
export async function isPretrainedModel(model: string): Promise<boolean> {
  return isPretrainedWord(model) && (await pathStatus(model)) === null;
}

/**
 * Reads a model. The caller disposes of the state.
 * @param path of the file or of the folder of a run, or the word of a pretrained network
 * @throws DataError if the file does not exist or is not a model, or if the package of the network is not installed
 */
export async function readModel(path: string): Promise<ModelFile> {
  if (!(await isPretrainedModel(path))) return readModelFile(path);
  const { description, backbone } = await openPretrained(path);
  try {
    return { description, state: backbone.getState() };
  } finally {
    backbone.dispose();
  }
}

async function readModelFile(path: string): Promise<ModelFile> {
  const file = await findModelFile(path);
  const bytes = await readBytes(file, missingModelText(path, file));
  return inFile(file, () => decodeModel(bytes));
}

/**
 * Checks that there is a model, without reading it.
 * @param path of the file or of the folder of a run, or the word of a pretrained network
 * @throws DataError if there is none
 */
export async function requireModel(path: string): Promise<void> {
  if (await isPretrainedModel(path)) return;
  const file = await findModelFile(path);
  if ((await pathStatus(file)) === null) throw new DataError(missingModelText(path, file));
}

function missingModelText(path: string, file: string): string {
  const words = Object.keys(pretrainedNetworks);
  return (
    `There is no model '${file}'.${didYouMean(path, words)} Train one with 'openset train', or name another: a file, or one ` +
    `of ${words.join(', ')}.`
  );
}

/**
 * Loads a model onto the active backend.
 * @param given overrides the model's threshold
 * @param request of an engine; without one, the verifier embeds on the backend
 * @throws DataError if the file does not exist or is not a model, or if `given` is `'learned'` and the model has no learned
 *   threshold between two embeddings; the errors of `openEngine`
 */
export async function loadModel(
  path: string,
  given?: GivenThreshold,
  request?: EngineRequest,
): Promise<LoadedModel> {
  const { description: own, backbone } = await openModel(path);
  let engine: EmbeddingEngine | null = null;
  const dispose = () => {
    void engine?.dispose();
    backbone.dispose();
  };
  try {
    const opened = request && (await openEngine(backbone, request));
    engine = opened?.engine ?? null;
    return await inFile(path, () => {
      const { threshold, source, question } = selectPairThreshold(own, given);
      // An interval belongs to the model's own threshold.
      const description = {
        ...own,
        threshold,
        question,
        ...(given !== undefined && { thresholdInterval: null, thresholdPeople: null }),
      };
      const verifier = new Verifier({ ...description, backbone, engine });
      return { description, source, backbone, verifier, engine: opened?.facts ?? null, dispose };
    });
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Opens the network of a model. The caller disposes of it. */
async function openModel(
  path: string,
): Promise<{ readonly description: ModelDescription; readonly backbone: Backbone }> {
  if (await isPretrainedModel(path)) return openPretrained(path);
  const { description, state } = await readModelFile(path);
  try {
    const backbone = await inFile(path, () => createNetwork(description.backbone, state));
    return { description, backbone };
  } finally {
    tf.dispose(state);
  }
}
