import { ConfigError, type LearnedThreshold } from '@openset/core';
import type { ImageSource } from '@openset/data';
import type { RunningBackend } from '../backends.ts';
import { chooseSettings } from '../config/choose.ts';
import { lossFor } from '../config/loss-words.ts';
import type { RunConfig } from '../config/settings.ts';
import type { PairMeasurements } from '../evaluation/measure-pairs.ts';
import { exitCodes } from '../exit-codes.ts';
import { writeAtOnce } from '../files/write-at-once.ts';
import { inspectImages } from '../images/inspect-images.ts';
import { openImages } from '../images/open-images.ts';
import type { CommandResult, Output } from '../output.ts';
import { startBackend } from '../start-backend.ts';
import { checkSameData, fingerprintOf } from '../training/data-fingerprint.ts';
import { finishRun } from '../training/finish-run.ts';
import { fixLength, followLength } from '../training/fix-length.ts';
import { type GivenSettings, settingsOf } from '../training/given-settings.ts';
import { measureStep } from '../training/measure-step.ts';
import { prepareData, type RunData } from '../training/prepare-data.ts';
import { checkNewRun, claimRun, discardEmptyRun, type RunFolder, runFolder } from '../training/run-folder.ts';
import { makeRun, type RunParts, stepsPerEpoch } from '../training/run-parts.ts';
import { choiceLines, lengthLine, resultText } from '../training/run-texts.ts';
import { runTrainer } from '../training/run-trainer.ts';

/** Options of `openset train`. */
export interface TrainOptions extends GivenSettings {
  /** The folder of the run. */
  readonly out: string;
  /** Tells the configuration, and trains nothing. */
  readonly printConfig?: boolean | undefined;
  /** Aborted to stop and save. */
  readonly signal?: AbortSignal | undefined;
  /** Called when training is over and the signal is heeded no more: what is left takes seconds. */
  readonly onTrained?: (() => void) | undefined;
}

/** What `openset train` answers. */
export interface TrainResult {
  readonly folder: string;
  /** Whether the signal ended it before its time; then there is no more than the folder. */
  readonly stopped: boolean;
  readonly model?: string;
  readonly report?: string;
  readonly threshold?: number;
  readonly thresholdSource?: 'learned' | 'calibrated';
  readonly learnedThreshold?: LearnedThreshold | null;
  /** On pairs of people held out, or from a file. */
  readonly measured?: PairMeasurements | null;
  /** Steps after which the weights are those of the model. */
  readonly step?: number;
}

/** A run that is about to begin. */
interface Task {
  readonly options: TrainOptions;
  readonly folder: RunFolder;
  readonly running: RunningBackend;
  readonly output: Output;
  /** All images, those of people held out included. */
  readonly source: ImageSource;
}

/**
 * Trains a network on images of people: looks at them and at the machine, chooses what is not given, trains, and leaves
 * a model with its threshold and a report in a folder.
 * @throws OpenSetError for settings, data or files that cannot be used
 */
export async function train(
  options: TrainOptions,
  output: Output,
): Promise<CommandResult<TrainResult | RunConfig>> {
  const folder = runFolder(options.out);
  const settings = await settingsOf(options, folder);
  const { data } = settings;
  if (data === undefined) throw new ConfigError("There is nothing to train on: name images with '--data'.");
  if (!options.resume && !options.printConfig) await checkNewRun(folder);
  const source = await openImages(data);
  try {
    if (options.resume) await checkSameData(folder.data, source, data);
    const facts = await inspectImages(source);
    const running = await startBackend(settings, output);
    const given = options.loss ? { ...settings, loss: lossFor(options.loss, facts.personCount) } : settings;
    const chosen = chooseSettings(given, { ...facts, data, backend: running.name });
    if (options.printConfig) return { data: chosen, text: JSON.stringify(chosen, null, 2) };
    const prepared = await prepareData(chosen, source, output);
    for (const line of choiceLines(chosen, facts, prepared, running)) output.note(line);
    return await trainOn(prepared, chosen, { options, folder, running, output, source });
  } catch (error) {
    if (options.signal?.aborted && error === options.signal.reason) return stopped(folder, false);
    throw error;
  } finally {
    await source.close();
  }
}

async function trainOn(data: RunData, chosen: RunConfig, task: Task): Promise<CommandResult<TrainResult>> {
  const config = await withLength(data, chosen, task);
  const run = makeRun(config, data.train, config);
  try {
    if (!task.options.resume) await claimRun(task.folder, config);
    return await trainInFolder(data, config, run, task);
  } finally {
    run.dispose();
    await data.pairs?.images.close();
  }
}

async function trainInFolder(
  data: RunData,
  config: RunConfig,
  run: RunParts,
  { options, folder, output, source }: Task,
): Promise<CommandResult<TrainResult>> {
  const { signal, resume = false } = options;
  try {
    if (!resume) await writeAtOnce(folder.data, `${JSON.stringify(fingerprintOf(source))}\n`);
    const last = await runTrainer(config, data, run, folder, { output, signal, resume });
    if (last.kind === 'stopped') return stopped(folder, true);
    options.onTrained?.();
    const finished = await finishRun(config, data, run, folder, output);
    const { description, measured, step } = finished;
    const { threshold, thresholdSource, learnedThreshold = null } = description;
    const { model, report } = folder;
    return {
      data: {
        folder: folder.path,
        stopped: false,
        model,
        report,
        threshold,
        thresholdSource,
        learnedThreshold,
        measured,
        step,
      },
      text: resultText(finished, data, folder),
    };
  } catch (error) {
    if (!resume) await discardEmptyRun(folder);
    throw error;
  }
}

/** The configuration with a fixed length: minutes become steps. */
async function withLength(data: RunData, config: RunConfig, task: Task): Promise<RunConfig> {
  const perEpoch = stepsPerEpoch(config, data.train);
  let secondsPerStep: number | null = null;
  let fixed: RunConfig;
  if (config.minutes === undefined) fixed = followLength(config, perEpoch);
  else {
    task.output.note('Trying a few steps …');
    secondsPerStep = await measureStep(config, data.train, task.options.signal);
    const evaluated = data.pairs?.images.size ?? 0;
    fixed = fixLength(config, { secondsPerStep, stepsPerEpoch: perEpoch, evaluated });
  }
  task.output.note(lengthLine(fixed, perEpoch, secondsPerStep));
  return fixed;
}

/** @param isSaved whether training had begun */
function stopped({ path }: RunFolder, isSaved: boolean): CommandResult<TrainResult> {
  const text = isSaved
    ? `Stopped and saved; 'openset train --resume --out ${path}' goes on.`
    : 'Stopped before training began; nothing was written.';
  return { data: { folder: path, stopped: true }, text, exitCode: exitCodes.interrupted };
}
