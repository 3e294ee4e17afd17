import { createBackbone, loadPyTorchState } from '@openset/backbones';
import { checkNumber, DataError, decodeSafetensors, OpenSetError } from '@openset/core';
import { encodeModel } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { networkSchema } from '../config/network-schema.ts';
import { parseSettings } from '../config/problems.ts';
import { count } from '../evaluation/texts.ts';
import { checkFilePlace } from '../files/check-place.ts';
import { readNamed } from '../files/read-named.ts';
import { writeAtOnce } from '../files/write-at-once.ts';
import type { CommandResult, Output } from '../output.ts';
import { type BackendChoice, startBackend } from '../start-backend.ts';

/** Options of `openset import`. */
export interface ImportOptions extends BackendChoice {
  /** A safetensors file of a PyTorch `state_dict`. */
  readonly weights: string;
  /** The kind of network. */
  readonly network: string;
  /** Its options, as a configuration has them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly threshold: number;
  /** Whether the threshold was learned by the loss; default calibrated. */
  readonly thresholdSource?: 'learned' | 'calibrated' | undefined;
  /** Beginnings of names that are passed over. */
  readonly ignore?: readonly string[] | undefined;
  readonly out: string;
}

/** What `openset import` answers. */
export interface ImportResult {
  readonly out: string;
  readonly tensors: number;
  readonly parameters: number;
  readonly threshold: number;
}

/**
 * Makes a model file of weights from PyTorch.
 * @throws OpenSetError for weights that are not of this network, or a place that cannot be used
 */
export async function importWeights(
  options: ImportOptions,
  output: Output,
): Promise<CommandResult<ImportResult>> {
  const { weights, out, threshold, thresholdSource = 'calibrated', ignore = [] } = options;
  checkNumber('--threshold', threshold, { minimum: -1, maximum: 1 });
  const network = parseSettings(
    networkSchema,
    { backbone: options.network, ...options.options },
    'The network',
  );
  await checkFilePlace(out, weights);
  const tensors = await readTensors(weights);
  await startBackend(options, output);
  const backbone = createBackbone(network);
  try {
    try {
      loadPyTorchState(backbone, tensors, { ignore });
    } catch (error) {
      if (error instanceof OpenSetError)
        throw new DataError(`${weights}: ${error.message}`, { cause: error });
      throw error;
    }
    const state = backbone.getState();
    const sizes = Object.values(state).map(({ size }) => size);
    try {
      const description = { backbone: backbone.getConfig(), threshold, thresholdSource };
      await writeAtOnce(out, await encodeModel(description, state));
    } finally {
      tf.dispose(state);
    }
    const parameters = sizes.reduce((sum, size) => sum + size, 0);
    return {
      data: { out, tensors: sizes.length, parameters, threshold },
      text: `${out}: ${count(parameters)} weights in ${sizes.length} tensors, threshold ${threshold.toFixed(4)}.`,
    };
  } finally {
    backbone.dispose();
  }
}

async function readTensors(path: string) {
  const bytes = await readNamed(path);
  try {
    return decodeSafetensors(bytes).tensors;
  } catch (error) {
    if (!(error instanceof OpenSetError)) throw error;
    throw new DataError(
      `${path}: ${error.message} In Python: safetensors.torch.save_file(model.state_dict(), 'weights.safetensors').`,
      { cause: error },
    );
  }
}
