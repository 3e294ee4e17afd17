import { availableParallelism, cpus } from 'node:os';
import type { Backbone, LearnedThreshold } from '@openset/core';
import type { ImageSource } from '@openset/data';
import { onFirstRank, type TimelineEvent } from '@openset/train';
import type { Calibration, ThresholdQuestion, ThresholdSource } from '@openset/verify';
import { chooseSettings } from '../config/choose-settings.ts';
import { readRunSettings, type SettingsFlags } from '../config/read-settings.ts';
import type { ChosenSettings, GivenSettings } from '../config/settings.ts';
import type { PairMeasurements } from '../evaluation/measure-pairs.ts';
import { exitCodes } from '../exit-codes.ts';
import { featureVariants, onlyMirrors } from '../features/head-augmentation.ts';
import type { FrozenPart } from '../features/load-features.ts';
import { withFrozenPart } from '../features/split-network.ts';
import { BadImagesError } from '../images/bad-image.ts';
import { inspectImages } from '../images/inspect-images.ts';
import { noteCopies } from '../images/note-copies.ts';
import { openImages } from '../images/open-images.ts';
import { SkippedList } from '../images/skipped-list.ts';
import { resolveNetworkStart } from '../model/network-start.ts';
import { openNetwork } from '../model/open-network.ts';
import { type CommandResult, type Output, silentOutput } from '../output.ts';
import { isWriter, type RunRanks, threadsOfRank } from '../ranks/run-ranks.ts';
import { factsOfCommand, factsOfData, factsOfRun } from '../ranks/same-facts.ts';
import { shardingNote } from '../ranks/sharding-note.ts';
import { startBackend } from '../start-backend.ts';
import { buildRun, type RunParts } from '../training/build-run.ts';
import { checkSameData } from '../training/data-fingerprint.ts';
import { type FinishedRun, finishRun } from '../training/finish-run.ts';
import { fixLength } from '../training/fix-length.ts';
import { baselineText, type FrozenBaseline, measureFrozen } from '../training/frozen-baseline.ts';
import { describeImages, readManifest } from '../training/image-manifest.ts';
import { makeLoss } from '../training/make-loss.ts';
import { prepareData, type RunData } from '../training/prepare-data.ts';
import { type ResumedImages, resumeImages } from '../training/resume-images.ts';
import {
  checkNewRun,
  claimRun,
  discardEmptyRun,
  hasCheckpoints,
  recordReading,
} from '../training/run-folder.ts';
import { type RunFolder, runFolder } from '../training/run-paths.ts';
import { choicesText, resultText } from '../training/run-texts.ts';
import { runTrainer } from '../training/run-trainer.ts';
import { BadImageWatch } from '../training/watch-images.ts';

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
  /** The ranks that train together; default: this process alone. */
  readonly ranks?: RunRanks | null | undefined;
}

/** Result of `openset train`. */
export interface TrainResult {
  readonly folder: string;
  /** Whether the signal stopped the run; then only `folder` is set. */
  readonly stopped: boolean;
  readonly model?: string;
  readonly report?: string;
  readonly threshold?: number;
  readonly thresholdSource?: ThresholdSource;
  /** Question that the threshold answers; null if it is unknown. */
  readonly question?: ThresholdQuestion | null;
  readonly learnedThreshold?: LearnedThreshold | null;
  /** Curve for probabilities; null without pairs, or if a higher cosine does not mean the same person. */
  readonly calibration?: Calibration | null;
  /** Measurements on pairs of people held out, or on the pairs of a file. */
  readonly measured?: PairMeasurements | null;
  /** The frozen network without the head; missing if no head was trained on features, or without pairs. */
  readonly baseline?: FrozenBaseline;
  /** Step whose weights the model has. */
  readonly step?: number;
  /** What is doubtful about the threshold, one fact a line. */
  readonly warnings?: readonly string[];
  /** Number of images that were skipped because they cannot be read or are missing. */
  readonly skipped?: number;
  /** Path of their list; null if bad images stop the run. */
  readonly skippedList?: string | null;
}

/**
 * Trains a network on images of people and writes a model with its threshold, and a report. Settings that are missing are
 * chosen from the images and the machine.
 * @throws OpenSetError for settings, data or files that cannot be used
 */
export async function train(
  options: TrainOptions,
  allOutput: Output,
): Promise<CommandResult<TrainResult | ChosenSettings>> {
  const { signal, onTrained, ranks = null, ...flags } = options;
  const { resume = false, printConfig = false } = flags;
  const output = isWriter(ranks) ? allOutput : silentOutput();
  const { loss: lossWord, classLoss: classLossWord } = options;
  const folder = runFolder(options.out);
  let source: ImageSource | undefined;
  let data: RunData | undefined;
  let network: Backbone | undefined;
  let run: RunParts | undefined;
  let isClaimed = false;
  try {
    await ranks?.checkSame(factsOfCommand(flags));
    const read = await readRunSettings(flags, folder);
    if (!resume && !printConfig) await onFirstRank(ranks, () => checkNewRun(folder));

    source = await openImages(read.data, output);
    const resumed = resume ? await openResumed(folder, source, read) : null;
    for (const line of resumed?.changes ?? []) output.note(line);
    const images = resumed?.source ?? source;
    const missing = resumed?.missing ?? new Set<string>();
    const facts = await inspectImages(images, read);

    const backend = await startBackend(ranks ? withOwnCores(read, ranks) : read, output);

    const { given, crop } = await resolveNetworkStart(read);
    const circumstances = { ...facts, backend: backend.name, lossWord, classLossWord, ...(crop && { crop }) };
    const settings = await onFirstRank(ranks, () => chooseSettings(given, circumstances));
    await ranks?.checkSame(factsOfRun(read, source, backend.name));
    // A class loss that the loss cannot build on is refused before images are read.
    if (classLossWord) makeLoss(settings.loss, { numClasses: 2, embeddingSize: 2, seed: 0 }).dispose();
    if (printConfig) return { data: settings, text: JSON.stringify(settings, null, 2) };

    network = await openNetwork(settings.network, settings.seed);
    const frozen = frozenPart(network, settings, signal);
    data = await prepareData(settings, images, output, resume ? missing : null, frozen);
    output.note(choicesText(settings, facts, data, backend));
    if (data.train.isInMemory) noteCopies(data.hashes, images, given.data, output);

    await ranks?.checkSame(factsOfData(data));

    const config = await fixLength(withAlignment(settings, data), data, output, signal, ranks);

    const training = ranks?.withGradientWire(config.gradientWire ?? 'float32') ?? null;
    run = await buildRun(config, data.train, network, training);
    const classes = data.train.source.classNames.length;
    const note = ranks && shardingNote(ranks, classes, config.shardClasses ?? false);
    if (note) output.note(note);
    network = undefined;

    const list = new SkippedList(folder.skipped);
    const { hashes, unusedImages: unused } = data;
    const opened = source;
    if (resume) await list.load();
    await onFirstRank(ranks, async () => {
      if (resume) await recordReading(folder, config, options);
      else await claimRun(folder, config, opened, await describeImages(opened, given.data, unused, hashes));
    });
    isClaimed = isWriter(ranks);
    list.add(data.skipped);
    list.add([...missing].map((path) => ({ path, reason: 'missing since the run started' })));
    if (isWriter(ranks) && (config.onBadImage === 'skip' || list.size > 0)) await list.save();

    const imageCount = data.train.source.size;
    const watched = { reading: config, imageCount, missing, list, writes: isWriter(ranks) };
    const watch = new BadImageWatch(watched);
    const timelines: TimelineEvent[] = [];
    const context = { output, signal, resume, watch, ranks, timelines };
    const last = await runTrainer(run, config, data.pairs, folder, context);
    if (isWriter(ranks) && list.size > 0) await list.save();
    if (last.kind === 'stopped') return stoppedResult(folder, true);
    onTrained?.();
    // Images that do not fit into memory are read during training.
    if (!data.train.isInMemory) {
      data.turns.note(output);
      noteCopies(data.hashes, images, given.data, output);
    }

    const finished = await finishRun(config, data, run, folder, output, ranks, timelines);
    const result = trainedResult(finished, data, folder, list);
    const hasHead = frozen && run.backbone.trainable.length > 0;
    const baseline = hasHead && data.pairs ? await measureFrozen(data.pairs, frozen.split) : null;
    return baseline && finished.measured ? withBaseline(result, baseline, finished.measured) : result;
  } catch (error) {
    if (isClaimed && !resume) await discardEmptyRun(folder);
    // Other ranks still wait for one that stops before training.
    if (signal?.aborted && error === signal.reason && !ranks) return stoppedResult(folder, false);
    if (isClaimed && error instanceof BadImagesError) throw await withResumeHint(error, folder);
    throw error;
  } finally {
    network?.dispose();
    run?.dispose();
    await data?.pairs?.images.close();
    await source?.close();
  }
}

/**
 * Opens the images that a resumed run started with.
 * @returns null for a run of an older version, which has no list of them; its images must be the same
 */
async function openResumed(
  folder: RunFolder,
  source: ImageSource,
  { data, maxBad }: GivenSettings,
): Promise<ResumedImages | null> {
  const manifest = await readManifest(folder.images);
  if (!manifest?.images) await checkSameData(folder.data, source, data);
  return manifest && resumeImages(manifest, source, data, maxBad);
}

/** Records which images are cropped, so that a resumed run crops the same ones. */
function withAlignment(settings: ChosenSettings, { aligned: { images, pairs } }: RunData): ChosenSettings {
  return { ...settings, align: images, ...(pairs === null ? {} : { alignPairs: pairs }) };
}

/** Returns the choice of the backend with this rank's share of the cores, unless the threads are given. */
function withOwnCores(read: GivenSettings, { localCount }: RunRanks): GivenSettings {
  return {
    ...read,
    threads: read.threads ?? threadsOfRank(localCount, availableParallelism(), cpus().length),
  };
}

/** Adds how to resume to the error of bad images that stopped a run. */
async function withResumeHint(error: BadImagesError, folder: RunFolder): Promise<BadImagesError> {
  if (!(await hasCheckpoints(folder))) return error;
  const command = `openset train --resume --out ${folder.path}`;
  return new BadImagesError(
    `${error.problem}\nThe run is saved. Mend or delete these images and resume with: ${command}\n` +
      `Or resume without them: ${command} --on-bad-image skip`,
  );
}

/** Adds what the frozen network does without the head. */
function withBaseline(
  { data, text, ...rest }: CommandResult<TrainResult>,
  baseline: FrozenBaseline,
  measured: PairMeasurements,
): CommandResult<TrainResult> {
  return { ...rest, data: { ...data, baseline }, text: `${text}\n${baselineText(baseline, measured)}` };
}

/** Returns the frozen part whose features stand for the images of a run; null if there is none, or images are augmented. */
function frozenPart(network: Backbone, settings: ChosenSettings, signal?: AbortSignal): FrozenPart | null {
  const split = onlyMirrors(settings) ? withFrozenPart(network) : null;
  return split && { split, variants: featureVariants(settings), signal };
}

function trainedResult(
  { description, measured, step, warnings }: FinishedRun,
  data: RunData,
  folder: RunFolder,
  skipped: SkippedList,
): CommandResult<TrainResult> {
  const { threshold, thresholdSource, question = null, learnedThreshold = null } = description;
  const { calibration = null } = description;
  return {
    data: {
      folder: folder.path,
      stopped: false,
      model: folder.model,
      report: folder.report,
      threshold,
      thresholdSource,
      question,
      learnedThreshold,
      calibration,
      measured,
      step,
      warnings,
      skipped: skipped.size,
      skippedList: skipped.isSaved ? skipped.path : null,
    },
    text: resultText(description, measured, data, folder, skipped, warnings),
  };
}

/** @param isSaved whether training had started */
function stoppedResult({ path }: RunFolder, isSaved: boolean): CommandResult<TrainResult> {
  const text = isSaved
    ? `Stopped and saved. Resume with: openset train --resume --out ${path}`
    : 'Stopped before training started. Nothing was written.';
  return { data: { folder: path, stopped: true }, text, exitCode: exitCodes.interrupted };
}
