import { DataError, decodeState, isSharded, readThreshold } from '@openset/core';
import type { FoundCheckpoint, TimelineEvent } from '@openset/train';
import { readBestCheckpoint, readLatestCheckpoint } from '@openset/train/node';
import { encodeModel, type ModelDescription, type ThresholdEstimate } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { trustedPeople } from '../config/held-out-people.ts';
import type { RunConfig } from '../config/settings.ts';
import { measurePairs, type PairMeasurements } from '../evaluation/measure-pairs.ts';
import { writeAtomically } from '../files/write-file.ts';
import { estimateSearches, storedThreshold, trainedSearchWarnings } from '../model/gallery-thresholds.ts';
import { scorePeople } from '../model/people-pairs.ts';
import { thresholdWarnings } from '../model/threshold-warnings.ts';
import { chooseThreshold, noCalibrationNotice, type ThresholdChoice } from '../model/thresholds.ts';
import type { Output } from '../output.ts';
import { isWriter, type RunRanks } from '../ranks/run-ranks.ts';
import type { RunParts } from './build-run.ts';
import { crossFitHead } from './cross-fit.ts';
import { scorePairs, usesFlipSum } from './pair-evaluation.ts';
import type { RunData } from './prepare-data.ts';
import type { RunFolder } from './run-paths.ts';
import { renderRunReport } from './run-report.ts';

/** Result of a finished run. */
export interface FinishedRun {
  readonly description: ModelDescription;
  /** Measurements on pairs of people held out or from a file; null without pairs. */
  readonly measured: PairMeasurements | null;
  /** Step whose weights the model has. */
  readonly step: number;
  /** What is doubtful about the threshold, one fact a line. */
  readonly warnings: readonly string[];
}

/**
 * Writes the model and the report with the weights of the best evaluation, or the last weights without evaluations.
 * @param ranks ranks that compute the result together; rank 0 writes it
 * @param timelines what they did in a few steps, for the report
 * @throws DataError if there is no threshold or a file cannot be written
 */
export async function finishRun(
  config: RunConfig,
  data: RunData,
  run: RunParts,
  folder: RunFolder,
  output: Output,
  ranks: RunRanks | null = null,
  timelines: readonly TimelineEvent[] = [],
): Promise<FinishedRun> {
  const step = await restoreBestWeights(run, folder.checkpoints);
  const flipSum = usesFlipSum(config);
  const scored =
    data.pairs &&
    (await scorePairs(data.pairs, { backbone: run.backbone, flipSum }, output, config, undefined, ranks));
  const people = scored && data.heldOutPeople > 0 ? scorePeople(scored.embeddings, scored.labels) : null;
  const pairs = people ?? scored;
  const chosen = chooseThreshold(await readThreshold(run.loss), pairs, people ? 'held-out' : 'calibrated');
  const isFew = data.pairsSource === null || (people !== null && data.heldOutPeople < trustedPeople);
  const refit = isFew ? await crossFitHead(config, data.train, run, step, output) : null;
  const choice = refit ? withCrossFit(chosen, refit) : chosen;
  if (!choice) throw noThreshold(folder);
  const searches = people && scored && estimateSearches(scored.embeddings, scored.labels);
  const warnings = [...thresholdWarnings(choice, pairs), ...trainedSearchWarnings(searches)];
  if (scored && !choice.calibration) output.note(noCalibrationNotice);
  const { backbone, loss } = run;
  const description = {
    backbone: backbone.getConfig(),
    ...choice,
    galleryThresholds: searches?.map(storedThreshold) ?? null,
    loss: loss.getConfig(),
    flipSum,
    orientation: config.orientation,
    ...(config.crop && { crop: config.crop }),
  };
  const measured = scored && measurePairs(scored.cosines, scored.isSame, choice, scored.folds);
  if (!isWriter(ranks)) return { description, measured, step, warnings };
  const state = backbone.getState();
  try {
    await writeAtomically(folder.model, await encodeModel(description, state));
  } finally {
    tf.dispose(state);
  }
  await writeAtomically(
    folder.report,
    renderRunReport({ config, data, description, measured, scored, step, warnings, timelines }),
  );
  return { description, measured, step, warnings };
}

/** Replaces the threshold by that of a cross-fit, whose people are more than those held out. */
function withCrossFit(chosen: ThresholdChoice | null, refit: ThresholdEstimate): ThresholdChoice {
  const { threshold, interval, people, question, calibration } = refit;
  return {
    learnedThreshold: chosen?.learnedThreshold ?? null,
    threshold,
    thresholdSource: 'cross-fit',
    thresholdInterval: interval,
    thresholdPeople: people,
    question,
    calibration,
  };
}

/** Restores the network and the loss from the best checkpoint. @returns the step of the checkpoint */
async function restoreBestWeights({ backbone, loss }: RunParts, checkpoints: string): Promise<number> {
  const options = { shard: isSharded(loss) ? loss : undefined };
  const found =
    (await readBestCheckpoint(checkpoints, options)) ?? (await readLatestCheckpoint(checkpoints, options));
  if (!found) throw new DataError(`There is no checkpoint in '${checkpoints}'.`);
  restoreState(found, 'backbone', (state) => backbone.setState(state));
  restoreState(found, 'loss', (state) => loss.setState(state));
  return found.checkpoint.info.progress.step;
}

function restoreState(
  { checkpoint, name }: FoundCheckpoint,
  part: string,
  restore: (state: tf.NamedTensorMap) => void,
): void {
  const bytes = checkpoint.files[`${part}.safetensors`];
  if (!bytes) throw new DataError(`The checkpoint '${name}' has no ${part}.safetensors.`);
  const state = decodeState(bytes);
  try {
    restore(state);
  } finally {
    tf.dispose(state);
  }
}

function noThreshold({ path }: RunFolder): DataError {
  return new DataError(
    `The loss has learned no threshold, and there are no pairs to find one. Train longer, or give --pairs FILE. The weights ` +
      `are in '${path}'.`,
  );
}
