import { ConfigError, checkNumber, DataError } from '@openset/core';
import { galleryScores, galleryThreshold } from '@openset/metrics';
import {
  type Calibration,
  encodeModel,
  estimateThreshold,
  type GalleryThreshold,
  type ThresholdEstimate,
  type ThresholdQuestion,
} from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { trustedPeople } from '../config/held-out-people.ts';
import { aligned, count, counted, decimal } from '../evaluation/texts.ts';
import { defaultCrop } from '../faces/choose-alignment.ts';
import { checkOutputFile } from '../files/check-output.ts';
import { pathStatus } from '../files/paths.ts';
import { writeAtomically } from '../files/write-file.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { measureGalleryThresholds } from '../model/gallery-thresholds.ts';
import { findModelFile, loadModel, type ModelOptions, readingFor, readModel } from '../model/load-model.ts';
import {
  type OpenedTest,
  openTest,
  reportSkippedTest,
  type SkippedTest,
  skippedRows,
  type TestChoice,
} from '../model/open-test.ts';
import { type PeoplePairs, scorePairs, scorePeople } from '../model/people-pairs.ts';
import { thresholdRows } from '../model/threshold-rows.ts';
import { noCalibrationNotice } from '../model/thresholds.ts';
import type { CommandResult, Output } from '../output.ts';
import { startBackend } from '../start-backend.ts';

/** Options of `openset calibrate`. */
export interface CalibrateOptions extends TestChoice, ModelOptions, ImageReading {
  /** False accept rate to stay below; excludes `odds` and `gallerySize`. */
  readonly far?: number | undefined;
  /** `P(same) : P(different)` among the pairs to decide, above 0; default 1. Excludes `far` and `gallerySize`. */
  readonly odds?: number | undefined;
  /** Number of people to search among, from 1; excludes `far` and `odds`. */
  readonly gallerySize?: number | undefined;
  /** Path of the new model; default: the path of the model with `-calibrated` added to the name. */
  readonly out?: string | undefined;
}

/** Result of `openset calibrate`. */
export interface CalibrateResult extends SkippedTest {
  readonly out: string;
  readonly threshold: number;
  /** Threshold of the old model. */
  readonly before: number;
  /** Question that the threshold answers. */
  readonly question: ThresholdQuestion;
  /** 95 % confidence interval of the threshold; null for fewer than five people, or for a search among people. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Number of people in the data; null if a list of pairs does not tell. */
  readonly people: number | null;
  /** Curve for probabilities; null if a higher cosine does not mean the same person on these pairs. */
  readonly calibration: Calibration | null;
  /** Number of pairs of different people that were used. */
  readonly different: number;
  /** Number of pairs of the same person that were used. */
  readonly same: number;
  /** Number of pairs of different people that a rate this low needs; null without a rate. */
  readonly differentNeeded: number | null;
}

/** Number of pairs that a message names. */
const namedPairs = 3;

/**
 * Finds a threshold and probabilities on the user's own pairs and writes them with the weights as a new model.
 * @throws OpenSetError for a model, data or an output path that cannot be used
 */
export async function calibrate(
  options: CalibrateOptions,
  output: Output,
): Promise<CommandResult<CalibrateResult>> {
  const { model: path } = options;
  const question = questionOf(options);
  const out = options.out ?? (await defaultOutput(path));
  await checkOutputFile(out);
  await startBackend(options, output);
  const model = await loadModel(path);
  const reading = readingFor(model, options);
  const test = await openTest(reading, model.verifier, output).finally(() => model.dispose());
  const skipped = reportSkippedTest(test, output);
  const found = findThreshold(test, question);
  const { threshold, interval, people, calibration, same, different, differentNeeded } = found;
  const evidence = { thresholdInterval: interval, thresholdPeople: people };
  if (!calibration) output.note(noCalibrationNotice);
  const { description, state } = await readModel(path);
  try {
    const calibrated = {
      threshold,
      thresholdSource: 'calibrated',
      ...evidence,
      galleryThresholds: found.galleryThresholds,
      falseAcceptRate: question.kind === 'far' ? question.rate : null,
      question,
      calibration,
      ...(reading.orientation && { orientation: reading.orientation }),
      // The threshold is for the crops of --align.
      ...(options.align && !description.crop && { crop: defaultCrop }),
    } as const;
    await writeAtomically(out, await encodeModel({ ...description, ...calibrated }, state));
  } finally {
    tf.dispose(state);
  }
  return {
    data: {
      ...{ out, threshold, before: description.threshold, question, interval, people, calibration },
      ...{ same, different, differentNeeded },
      ...skipped,
    },
    text: aligned([
      ['model', out],
      ...thresholdRows({ ...found, source: 'calibrated', ...evidence }, 4),
      [
        'estimated on',
        `${counted(same, 'pair')} of the same person, ${count(different)} of different people`,
      ],
      ['before', decimal(description.threshold, 4)],
      ...warnings(found).map((warning): [string, string] => ['warning', warning]),
      ...skippedRows(skipped),
    ]),
  };
}

/** @throws ConfigError for options out of range, or more than one of them */
function questionOf({ far, odds, gallerySize }: CalibrateOptions): ThresholdQuestion {
  const given = [far, odds, gallerySize].filter((value) => value !== undefined);
  if (given.length > 1) {
    throw new ConfigError('Give one of --far, --odds and --gallery-size: a threshold answers one question.');
  }
  if (far !== undefined) {
    checkNumber('--far', far, { minimum: 0, maximum: 1 });
    return { kind: 'far', rate: far };
  }
  if (gallerySize !== undefined) {
    checkNumber('--gallery-size', gallerySize, { minimum: 1, integer: true });
    return { kind: 'gallery', size: gallerySize };
  }
  if (odds !== undefined && !(odds > 0 && Number.isFinite(odds))) {
    throw new ConfigError(`--odds must be a finite number above 0, but is ${odds}.`);
  }
  return { kind: 'pair', odds: odds ?? 1 };
}

/**
 * Returns the path of the new model if the user gave none.
 * @throws ConfigError if the file exists: an earlier calibration is not overwritten
 */
async function defaultOutput(path: string): Promise<string> {
  const out = `${(await findModelFile(path)).replace(/\.safetensors$/, '')}-calibrated.safetensors`;
  if (!(await pathStatus(out))) return out;
  throw new ConfigError(
    `'${out}' already exists. Give the new model another name with --out, or delete the file.`,
  );
}

interface FoundThreshold extends ThresholdEstimate {
  /** Thresholds for galleries of any size; null unless the question is about pairs. */
  readonly galleryThresholds: readonly GalleryThreshold[] | null;
}

/** @throws DataError if no threshold meets the rate */
function findThreshold(test: OpenedTest, question: ThresholdQuestion): FoundThreshold {
  const { labels, embeddings } = test;
  const pairs = labels ? scorePeople(embeddings, labels) : scorePairs(embeddings, test);
  // A low rate needs all pairs of different people; a curve needs nobody who dominates it.
  const all =
    labels && question.kind === 'far'
      ? scorePeople(embeddings, labels, { imagesPerPerson: Number.POSITIVE_INFINITY, maximum: 1_000_000 })
      : pairs;
  const estimate = estimateThreshold(all, question);
  if (!estimate) throw rateNotReached(test, all, question);
  const ofCurve = all === pairs ? estimate : estimateThreshold(pairs, undefined, { samples: 0 })!;
  const searched = labels && question.kind === 'gallery' ? searchThreshold(test, question.size) : null;
  return {
    ...estimate,
    ...(searched === null ? {} : { threshold: searched, interval: null }),
    calibration: ofCurve.calibration,
    galleryThresholds:
      labels && question.kind === 'pair' ? measureGalleryThresholds(embeddings, labels) : null,
  };
}

/** Returns the threshold of searches among people, simulated with these; null if there are too few. */
function searchThreshold(
  { embeddings: { values, size }, labels }: OpenedTest,
  people: number,
): number | null {
  const counts = new Map<number, number>();
  for (const label of labels ?? []) counts.set(label, (counts.get(label) ?? 0) + 1);
  if ([...counts.values()].filter((images) => images > 1).length < trustedPeople) return null;
  return galleryThreshold(galleryScores(values, labels!, size), people);
}

/** Returns how far not to trust a threshold. */
function warnings({ people, different, differentNeeded }: FoundThreshold): string[] {
  return [
    ...(people !== null && people < trustedPeople
      ? [
          `${counted(people, 'person is', 'people are')} few for a threshold; ${trustedPeople} or more make it reliable`,
        ]
      : []),
    ...(differentNeeded !== null && different < differentNeeded
      ? [`a rate this low needs at least ${count(differentNeeded)} pairs of different people`]
      : []),
  ];
}

function rateNotReached(
  { nameOf }: OpenedTest,
  { pairs, cosines, isSame }: PeoplePairs,
  question: ThresholdQuestion,
): DataError {
  const different = [...cosines.keys()].filter((pair) => !isSame[pair]);
  const highest = different.reduce((most, pair) => Math.max(most, cosines[pair]!), -1);
  const equal = different.filter((pair) => cosines[pair] === highest);
  const named = equal
    .slice(0, namedPairs)
    .map((pair) => `'${nameOf(pairs[2 * pair]!)}' and '${nameOf(pairs[2 * pair + 1]!)}'`);
  const rate = question.kind === 'far' ? question.rate : 0;
  return new DataError(
    `No threshold up to 1 accepts at most ${rate} of the ${counted(different.length, 'pair')} of different people: ` +
      `${counted(equal.length, 'pair has', 'pairs have')} equal images, such as ${named.join(', ')}. ` +
      "Is an image in the folders of two people? 'openset doctor' finds such images.",
  );
}
