import { type LearnedThreshold, pairThreshold } from '@openset/core';
import { describeCrop, type ModelDescription } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { aligned, count, counted, decimal, exactPercent, percent } from '../evaluation/texts.ts';
import { findModelFile, type ModelOptions, readModel } from '../model/load-model.ts';
import { statedThreshold, thresholdRows } from '../model/threshold-rows.ts';
import type { CommandResult, Output } from '../output.ts';
import { startBackend } from '../start-backend.ts';
import { networkText } from '../training/run-texts.ts';

/** Result of `openset info --model`. */
export interface ModelInfoResult {
  /** Path of the model file, or the word of a pretrained network. */
  readonly model: string;
  /** All that the file says except the weights. */
  readonly description: ModelDescription;
  /**
   * Threshold that the learned one implies for pairs of which half are the same person, `pairThreshold` of core; null without a
   * closed form.
   */
  readonly closedForm: number | null;
}

/**
 * Describes a model: its network, and which question its threshold answers.
 * @throws DataError if the file does not exist or is not a model
 */
export async function modelInfo(
  options: ModelOptions,
  output: Output,
): Promise<CommandResult<ModelInfoResult>> {
  await startBackend(options, output);
  const { description, state } = await readModel(options.model);
  tf.dispose(state);
  const data: ModelInfoResult = {
    model: await findModelFile(options.model),
    description,
    closedForm: pairThreshold(description.learnedThreshold),
  };
  return { data, text: resultText(data) };
}

function resultText({ model, description, closedForm }: ModelInfoResult): string {
  const { backbone, loss, learnedThreshold, calibration, crop, orientation } = description;
  const rows: [string, string][] = [
    ['model', model],
    ['network', networkText(backbone)],
    ...(loss ? [['loss', loss.loss] as [string, string]] : []),
    ...thresholdRows(statedThreshold(description), 4),
    ...galleryRows(description),
    ...rateRows(description),
    ['learned threshold', learnedText(learnedThreshold ?? null)],
    ...(closedForm === null ? [] : [['closed form', decimal(closedForm, 4)] as [string, string]]),
    ['probabilities', calibration ? 'yes' : 'none'],
    ['crop', describeCrop(crop)],
    ['orientation', orientation ?? 'exif'],
  ];
  return aligned(rows);
}

/** Returns the thresholds for galleries as label and value; no row if there are none. */
function galleryRows({ galleryThresholds }: ModelDescription): [string, string][] {
  const entries = (galleryThresholds ?? []).map(
    ({ people, threshold, falseAlarms }) =>
      `${decimal(threshold, 3)} for ${counted(people, 'person', 'people')}` +
      (typeof falseAlarms === 'number' ? ` (${percent(falseAlarms)} of strangers accepted)` : ''),
  );
  return entries.length > 0 ? [['in galleries', entries.join(', ')]] : [];
}

/** Returns a row for each size with rates: the thresholds that keep them, and what they miss. */
function rateRows({ galleryThresholds }: ModelDescription): [string, string][] {
  return (galleryThresholds ?? []).flatMap(({ people, rates = [] }): [string, string][] => {
    const texts = rates.map(
      ({ falseAlarms, threshold, missed }, place) =>
        `${exactPercent(falseAlarms)}${place === 0 ? ' of strangers' : ''}: ${decimal(threshold, 3)} (${percent(missed)} missed)`,
    );
    return texts.length > 0 ? [[`gallery of ${count(people)}`, texts.join(', ')]] : [];
  });
}

function learnedText(learned: LearnedThreshold | null): string {
  return learned ? `${decimal(learned.cosine, 4)} between ${learned.between}` : 'none';
}
