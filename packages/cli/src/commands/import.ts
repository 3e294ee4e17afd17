import { createBackbone, loadPyTorchState } from '@openset/backbones';
import { checkNumber, DataError, decodeSafetensors, OpenSetError } from '@openset/core';
import { encodeModel } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { networkSchema } from '../config/network-schema.ts';
import { parseSettings } from '../config/parse-settings.ts';
import { count, decimal } from '../evaluation/texts.ts';
import { checkOutputFile } from '../files/check-output.ts';
import { inFile } from '../files/in-file.ts';
import { readBytes } from '../files/read-file.ts';
import { writeAtomically } from '../files/write-file.ts';
import type { CommandResult, Output } from '../output.ts';
import { type BackendChoice, startBackend } from '../start-backend.ts';

/** Options of `openset import`. */
export interface ImportOptions extends BackendChoice {
  /** Path of a PyTorch `state_dict` as safetensors. */
  readonly weights: string;
  /** Name of the network. */
  readonly network: string;
  /** Options of the network, as in a configuration file. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly threshold: number;
  /** Origin of the threshold; default: `'calibrated'`. */
  readonly thresholdSource?: 'learned' | 'calibrated' | undefined;
  /** Prefixes of the names of tensors to skip. */
  readonly ignore?: readonly string[] | undefined;
  readonly out: string;
}

/** Result of `openset import`. */
export interface ImportResult {
  readonly out: string;
  readonly tensors: number;
  readonly parameters: number;
  readonly threshold: number;
}

/**
 * Converts PyTorch weights to a model file.
 * @throws OpenSetError for weights that do not fit the network or an output path that cannot be used
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
  await checkOutputFile(out, weights);
  const tensors = await readTensors(weights);
  await startBackend(options, output);
  const backbone = createBackbone(network);
  try {
    const { bytes, sizes } = await inFile(weights, async () => {
      loadPyTorchState(backbone, tensors, { ignore });
      const state = backbone.getState();
      try {
        const description = { backbone: backbone.getConfig(), threshold, thresholdSource, question: null };
        const sizes = Object.values(state).map(({ size }) => size);
        return { bytes: await encodeModel(description, state), sizes };
      } finally {
        tf.dispose(state);
      }
    });
    await writeAtomically(out, bytes);
    const parameters = sizes.reduce((sum, size) => sum + size, 0);
    return {
      data: { out, tensors: sizes.length, parameters, threshold },
      text: `${out}: ${count(parameters)} weights in ${sizes.length} tensors, threshold ${decimal(threshold, 4)}`,
    };
  } finally {
    backbone.dispose();
  }
}

async function readTensors(path: string) {
  const bytes = await readBytes(path);
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
