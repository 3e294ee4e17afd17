import { createBackbone, type NetworkBackbone } from '@openset/backbones';
import { DataError, OpenSetError } from '@openset/core';
import { decodeModel, type ModelFile, Verifier } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { readNamed } from '../files/read-named.ts';
import { statusOf } from '../files/status-of.ts';
import { runFolder } from '../training/run-folder.ts';
import { type DescribedModel, type GivenThreshold, selectPairThreshold } from './thresholds.ts';

/** A model file on the active backend. */
export interface LoadedModel extends DescribedModel {
  readonly backbone: NetworkBackbone;
  readonly verifier: Verifier;
  /** Frees the weights. */
  dispose(): void;
}

/** The file that a path names: itself, or the model in the folder of a run. */
export async function modelFile(path: string): Promise<string> {
  return (await statusOf(path))?.isDirectory() ? runFolder(path).model : path;
}

/**
 * Reads a model file; the caller disposes of the state.
 * @param path of the file, or of the folder of a run
 * @throws DataError if there is none, or it is something else
 */
export async function readModel(path: string): Promise<ModelFile> {
  const file = await modelFile(path);
  const missing = `There is no model '${file}': 'openset train' makes one, and --model FILE names another.`;
  const bytes = await readNamed(file, missing);
  return inFile(file, () => decodeModel(bytes));
}

/**
 * Loads a model file.
 * @param given decides instead of the model's threshold
 * @throws DataError if there is none, or it is something else, or has no learned threshold that is asked for
 */
export async function loadModel(path: string, given?: GivenThreshold): Promise<LoadedModel> {
  const { description: own, state } = await readModel(path);
  try {
    return inFile(path, () => {
      const { threshold, source } = selectPairThreshold(own, given);
      const description = { ...own, threshold };
      const backbone = createBackbone(own.backbone);
      backbone.setState(state);
      const verifier = new Verifier({ ...description, backbone });
      return { description, source, backbone, verifier, dispose: () => backbone.dispose() };
    });
  } finally {
    tf.dispose(state);
  }
}

/** Tells which file it was. */
function inFile<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof OpenSetError)) throw error;
    throw new DataError(`${path}: ${error.message}`, { cause: error });
  }
}
