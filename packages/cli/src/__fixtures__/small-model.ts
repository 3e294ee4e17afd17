import { writeFile } from 'node:fs/promises';
import { createBackbone, toPyTorchState } from '@openset/backbones';
import { encodeSafetensors } from '@openset/core';
import { encodeModel } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';

/** Options of the network in the files. */
export const smallNetwork = { backbone: 'small-cnn', width: 4, embeddingSize: 8, inputSize: 16 } as const;

/**
 * Writes an untrained network, which separates coarse patterns, as a model with the threshold 0.9 and as PyTorch weights.
 * Needs an active backend.
 */
export async function writeSmallModel(files: {
  readonly model: string;
  readonly weights: string;
}): Promise<void> {
  const backbone = createBackbone({ ...smallNetwork, seed: 3 });
  const state = backbone.getState();
  const description = {
    backbone: backbone.getConfig(),
    threshold: 0.9,
    thresholdSource: 'learned',
    learnedThreshold: { cosine: 0.9, between: 'embeddings' },
    loss: { loss: 'UssLoss', scale: 32 },
  } as const;
  await writeFile(files.model, await encodeModel(description, state));
  await writeFile(files.weights, encodeSafetensors({ tensors: await toPyTorchState(backbone) }));
  tf.dispose(state);
  backbone.dispose();
}
