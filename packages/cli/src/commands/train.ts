import type { LearnedThreshold } from '@openset/core';
import type { ImageSource } from '@openset/data';
import type { Calibration } from '@openset/verify';
import { chooseSettings } from '../config/choose-settings.ts';
import { readRunSettings, type SettingsFlags } from '../config/read-settings.ts';
import type { ChosenSettings } from '../config/settings.ts';
import type { PairMeasurements } from '../evaluation/measure-pairs.ts';
import { exitCodes } from '../exit-codes.ts';
import { inspectImages } from '../images/inspect-images.ts';
import { openImages } from '../images/open-images.ts';
import type { CommandResult, Output } from '../output.ts';
import { startBackend } from '../start-backend.ts';
import { buildRun, type RunParts } from '../training/build-run.ts';
import { checkSameData } from '../training/data-fingerprint.ts';
import { type FinishedRun, finishRun } from '../training/finish-run.ts';
import { fixLength } from '../training/fix-length.ts';
import { prepareData, type RunData } from '../training/prepare-data.ts';
import { checkNewRun, claimRun, discardEmptyRun, type RunFolder, runFolder } from '../training/run-folder.ts';
import { choicesText, resultText } from '../training/run-texts.ts';
import { runTrainer } from '../training/run-trainer.ts';

/** Options of `openset train`. */
export interface TrainOptions extends SettingsFlags {
  /** Folder of the run. */
  readonly out: string;
  /** Whether to print the settings and train nothing. */
  readonly printConfig?: boolean | undefined;
  /** Aborted to stop and save. */
  readonly signal?: AbortSignal | undefined;
  /** Called when training is over; the signal has no effect during the seconds that remain. */
  readonly onTrained?: (() => void) | undefined;
}

/** Result of `openset train`. */
export interface TrainResult {
  readonly folder: string;
  /** Whether the signal stopped the run; then only `folder` is set. */
  readonly stopped: boolean;
  readonly model?: string;
  readonly report?: string;
  readonly threshold?: number;
  readonly thresholdSource?: 'learned' | 'calibrated';
  readonly learnedThreshold?: LearnedThreshold | null;
  /** Curve for probabilities; null without pairs, or if a higher cosine does not mean the same person. */
  readonly calibration?: Calibration | null;
  /** Measurements on pairs of people held out, or on the pairs of a file. */
  readonly measured?: PairMeasurements | null;
  /** Step whose weights the model has. */
  readonly step?: number;
}

/**
 * Trains a network on images of people and writes a model with its threshold, and a report. Settings that are missing are
 * chosen from the images and the machine.
 * @throws OpenSetError for settings, data or files that cannot be used
 */
export async function train(
  options: TrainOptions,
  output: Output,
): Promise<CommandResult<TrainResult | ChosenSettings>> {
  const { resume = false, printConfig = false, loss: lossWord, signal } = options;
  const folder = runFolder(options.out);
  let source: ImageSource | undefined;
  let data: RunData | undefined;
  let run: RunParts | undefined;
  let isClaimed = false;
  try {
    const given = await readRunSettings(options, folder);
    if (!resume && !printConfig) await checkNewRun(folder);

    source = await openImages(given.data, output);
    if (resume) await checkSameData(folder.data, source, given.data);
    const facts = await inspectImages(source, given);

    const backend = await startBackend(given, output);

    const settings = chooseSettings(given, { ...facts, backend: backend.name, lossWord });
    if (printConfig) return { data: settings, text: JSON.stringify(settings, null, 2) };

    data = await prepareData(settings, source, output);
    output.note(choicesText(settings, facts, data, backend));

    const config = await fixLength(settings, data, output, signal);

    run = buildRun(config, data.train);

    if (!resume) await claimRun(folder, config, source);
    isClaimed = true;

    const last = await runTrainer(run, config, data.pairs, folder, { output, signal, resume });
    if (last.kind === 'stopped') return stoppedResult(folder, true);
    options.onTrained?.();

    const finished = await finishRun(config, data, run, folder, output);
    return trainedResult(finished, data, folder);
  } catch (error) {
    if (isClaimed && !resume) await discardEmptyRun(folder);
    if (signal?.aborted && error === signal.reason) return stoppedResult(folder, false);
    throw error;
  } finally {
    run?.dispose();
    await data?.pairs?.images.close();
    await source?.close();
  }
}

function trainedResult(
  { description, measured, step }: FinishedRun,
  data: RunData,
  folder: RunFolder,
): CommandResult<TrainResult> {
  const { threshold, thresholdSource, learnedThreshold = null, calibration = null } = description;
  return {
    data: {
      folder: folder.path,
      stopped: false,
      model: folder.model,
      report: folder.report,
      threshold,
      thresholdSource,
      learnedThreshold,
      calibration,
      measured,
      step,
    },
    text: resultText(description, measured, data, folder),
  };
}

/** @param isSaved whether training had started */
function stoppedResult({ path }: RunFolder, isSaved: boolean): CommandResult<TrainResult> {
  const text = isSaved
    ? `Stopped and saved. Resume with: openset train --resume --out ${path}`
    : 'Stopped before training started. Nothing was written.';
  return { data: { folder: path, stopped: true }, text, exitCode: exitCodes.interrupted };
}
