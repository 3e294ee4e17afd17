import { DataError, decodeState, readThreshold } from '@openset/core';
import type { FoundCheckpoint } from '@openset/train';
import { readBestCheckpoint, readLatestCheckpoint } from '@openset/train/node';
import { encodeModel, type ModelDescription } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../config/settings.ts';
import { measurePairs, type PairMeasurements } from '../evaluation/measure-pairs.ts';
import { writeAtOnce } from '../files/write-at-once.ts';
import { chooseThreshold } from '../model/thresholds.ts';
import type { Output } from '../output.ts';
import type { RunParts } from './build-run.ts';
import { scorePairs, usesFlips } from './pair-evaluation.ts';
import type { RunData } from './prepare-data.ts';
import type { RunFolder } from './run-folder.ts';
import { runReport } from './run-report.ts';

/** What a finished run gives. */
export interface FinishedRun {
  readonly description: ModelDescription;
  /** On pairs of people held out, or from a file; null without any. */
  readonly measured: PairMeasurements | null;
  /** Steps after which the weights are those of the model. */
  readonly step: number;
}

/**
 * Makes model and report of the best weights of a run: those with the best evaluation, without evaluations the last.
 * @throws DataError if there is no threshold, or a file cannot be written
 */
export async function finishRun(
  config: RunConfig,
  data: RunData,
  run: RunParts,
  folder: RunFolder,
  output: Output,
): Promise<FinishedRun> {
  const step = await takeBestWeights(run, folder.checkpoints);
  const flipSum = usesFlips(config);
  const scored = data.pairs && {
    ...(await scorePairs(data.pairs, { backbone: run.backbone, flipSum }, output)),
    isSame: data.pairs.isSame,
  };
  const choice = chooseThreshold(await readThreshold(run.loss), scored);
  if (!choice) throw noThreshold(folder);
  const { backbone, loss } = run;
  const description = {
    backbone: backbone.getConfig(),
    ...choice,
    loss: loss.getConfig(),
    flipSum,
  };
  const measured = scored && measurePairs(scored.cosines, scored.isSame, choice, data.pairs?.folds ?? null);
  const state = backbone.getState();
  try {
    await writeAtOnce(folder.model, await encodeModel(description, state));
  } finally {
    tf.dispose(state);
  }
  await writeAtOnce(folder.report, runReport({ config, data, description, measured, scored, step }));
  return { description, measured, step };
}

/** Brings network and loss to their best checkpoint. @returns the step at which it was taken */
async function takeBestWeights({ backbone, loss }: RunParts, checkpoints: string): Promise<number> {
  const found = (await readBestCheckpoint(checkpoints)) ?? (await readLatestCheckpoint(checkpoints));
  if (!found) throw new DataError(`There is no checkpoint in '${checkpoints}'.`);
  takeState(found, 'backbone', (state) => backbone.setState(state));
  takeState(found, 'loss', (state) => loss.setState(state));
  return found.checkpoint.info.progress.step;
}

function takeState(
  { checkpoint, name }: FoundCheckpoint,
  part: string,
  take: (state: tf.NamedTensorMap) => void,
): void {
  const bytes = checkpoint.files[`${part}.safetensors`];
  if (!bytes) throw new DataError(`The checkpoint '${name}' lacks ${part}.safetensors.`);
  const state = decodeState(bytes);
  try {
    take(state);
  } finally {
    tf.dispose(state);
  }
}

function noThreshold({ path }: RunFolder): DataError {
  return new DataError(
    `The loss has learned no threshold, and there are no pairs to find one: train longer, or give --pairs FILE. The weights ` +
      `are in '${path}'.`,
  );
}
