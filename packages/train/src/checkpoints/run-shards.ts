import { type OpenSetLoss, type RowRange, shardOf } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import type { RowsOf } from './tensor-rows.ts';

/** Returns which rows of the tensors of a run's checkpoints this rank holds. The optimizer names its tensors as in `captureRun`. */
export function rowsOfLoss(loss: OpenSetLoss): RowsOf {
  const state = loss.getState();
  const ofLoss = new Map(Object.entries(state).map(([name, tensor]) => [name, shardOf(tensor)]));
  tf.dispose(state);
  const ofSlots = (tensor: string): RowRange | null => {
    const [, index, slot] = /^loss\.(\d+)\.(\w+)$/.exec(tensor) ?? [];
    const variable = index === undefined || slot === 'step' ? undefined : loss.trainable[Number(index)];
    return variable ? shardOf(variable) : null;
  };
  return (file, tensor) =>
    file === 'optimizer.safetensors'
      ? ofSlots(tensor)
      : file.endsWith('loss.safetensors')
        ? (ofLoss.get(tensor) ?? null)
        : null;
}
