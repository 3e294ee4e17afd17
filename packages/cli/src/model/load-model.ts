import { createBackbone, type NetworkBackbone } from '@openset/backbones';
import { decodeModel, type ModelFile, Verifier } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { inFile } from '../files/in-file.ts';
import { pathStatus } from '../files/paths.ts';
import { readBytes } from '../files/read-file.ts';
import type { ImageReading } from '../images/image-reading.ts';
import type { BackendChoice } from '../start-backend.ts';
import { runFolder } from '../training/run-folder.ts';
import { type DescribedModel, type GivenThreshold, selectPairThreshold } from './thresholds.ts';

/** Options of every command that uses a model. */
export interface ModelOptions extends BackendChoice {
  /** Path of the model file, or of the folder of a run. */
  readonly model: string;
}

/** Options of every command that decides with a threshold. */
export interface DecisionOptions extends ModelOptions {
  /** Overrides the threshold that decides: the model's, or for `identify` that of `selectGalleryThreshold`. */
  readonly threshold?: GivenThreshold | undefined;
}

/** A model on the active backend. */
export interface LoadedModel extends DescribedModel {
  readonly backbone: NetworkBackbone;
  readonly verifier: Verifier;
  /** Frees the weights. */
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

/**
 * Reads a model file. The caller disposes of the state.
 * @param path of the file or of the folder of a run
 * @throws DataError if the file does not exist or is not a model
 */
export async function readModel(path: string): Promise<ModelFile> {
  const file = await findModelFile(path);
  const missing = `There is no model '${file}'. Train one with 'openset train', or name another with --model.`;
  const bytes = await readBytes(file, missing);
  return inFile(file, () => decodeModel(bytes));
}

/**
 * Loads a model onto the active backend.
 * @param given overrides the model's threshold
 * @throws DataError if the file does not exist or is not a model, or if `given` is `'learned'` and the model has no learned
 *   threshold between two embeddings
 */
export async function loadModel(path: string, given?: GivenThreshold): Promise<LoadedModel> {
  const { description: own, state } = await readModel(path);
  try {
    return await inFile(path, () => {
      const { threshold, source, question } = selectPairThreshold(own, given);
      const description = { ...own, threshold, question };
      const backbone = createBackbone(own.backbone);
      backbone.setState(state);
      const verifier = new Verifier({ ...description, backbone });
      return { description, source, backbone, verifier, dispose: () => backbone.dispose() };
    });
  } finally {
    tf.dispose(state);
  }
}
