import { ConfigError, checkNumber, DataError } from '@openset/core';
import { peopleNeeded } from '@openset/metrics';
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
import { aligned, count, counted, decimal, exactPercent, percent } from '../evaluation/texts.ts';
import { defaultCrop } from '../faces/choose-alignment.ts';
import { checkOutputFile } from '../files/check-output.ts';
import { pathStatus } from '../files/paths.ts';
import { writeAtomically } from '../files/write-file.ts';
import type { ImageReading } from '../images/image-reading.ts';
import {
  type EstimatedSearch,
  estimateSearches,
  falseAlarmsText,
  searchablePeople,
  searchWarnings,
  storedThreshold,
} from '../model/gallery-thresholds.ts';
import {
  findModelFile,
  loadModel,
  type ModelOptions,
  readingFor,
  readModel,
  requireModel,
} from '../model/load-model.ts';
import {
  type EmbeddedTest,
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
  /**
   * Largest share of the pairs of different people to accept, from 0 to 1; with `gallerySize`, of the strangers in a search, above
   * 0 and below 1. Excludes `odds`.
   */
  readonly far?: number | undefined;
  /** `P(same) : P(different)` among the pairs to decide, above 0; default 1. Excludes `far` and `gallerySize`. */
  readonly odds?: number | undefined;
  /** Number of people to search among, from 1; excludes `odds`. With `far`, it needs `data`. */
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
  /** 95 % confidence interval of the threshold over people; null for fewer than five people, or 20 for a search among people. */
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
  /** Upper end of the false accept rate among other people; null without a rate, or for fewer than five people. */
  readonly rateBound: number | null;
  /** Share of strangers that a search accepts as somebody; null for other questions, or for fewer than 20 people. */
  readonly falseAlarms: number | null;
  /** Upper end of that share among other people. */
  readonly falseAlarmsBound: number | null;
  /** Number of people from which the upper end of the rate or the share is near twice its value; null if it is unknown. */
  readonly peopleNeeded: number | null;
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
  await requireModel(path);
  const out = options.out ?? (await defaultOutput(path));
  await checkOutputFile(out);
  const { test, reading } = await embedTest(options, output);
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
      ...{ same, different, differentNeeded, rateBound: found.rateBound },
      falseAlarms: found.search?.falseAlarms ?? null,
      falseAlarmsBound: found.search?.falseAlarmsBound ?? null,
      peopleNeeded: found.search ? found.search.peopleNeeded : peopleForRate(found),
      ...skipped,
    },
    text: aligned([
      ['model', out],
      ...thresholdRows({ ...found, source: 'calibrated', ...evidence }, 4),
      [
        'estimated on',
        `${counted(same, 'pair')} of the same person, ${count(different)} of different people`,
      ],
      ...rateRows(found),
      ['before', decimal(description.threshold, 4)],
      ...warnings(found).map((warning): [string, string] => ['warning', warning]),
      ...skippedRows(skipped),
    ]),
  };
}

async function embedTest(options: CalibrateOptions, output: Output) {
  const set = await openTest(options, output);
  try {
    await startBackend(options, output);
    const model = await loadModel(options.model);
    try {
      const reading = readingFor(model, options);
      return { test: await set.embed(model.verifier, reading), reading };
    } finally {
      model.dispose();
    }
  } finally {
    await set.close();
  }
}

/** @throws ConfigError for options out of range, or that ask different questions */
function questionOf({ far, odds, gallerySize, data }: CalibrateOptions): ThresholdQuestion {
  if (odds !== undefined && (far !== undefined || gallerySize !== undefined)) {
    throw new ConfigError(
      `--odds asks for as few errors as possible among pairs, ${far !== undefined ? '--far for a rate of errors' : '--gallery-size for searches'}: ` +
        'a threshold answers one question. Remove one of the two.',
    );
  }
  if (far !== undefined) checkNumber('--far', far, { minimum: 0, maximum: 1 });
  if (gallerySize !== undefined) {
    checkNumber('--gallery-size', gallerySize, { minimum: 1, integer: true });
    if (far === undefined) return { kind: 'gallery', size: gallerySize };
    if (far === 0 || far === 1) {
      throw new ConfigError(`--far with --gallery-size must be above 0 and below 1, but is ${far}.`);
    }
    if (data === undefined) {
      throw new ConfigError(
        '--far with --gallery-size simulates searches, but pairs do not tell who is on which image. Give labelled images ' +
          `with --data, or remove --gallery-size and give --far ${far / gallerySize}.`,
      );
    }
    return { kind: 'gallery', size: gallerySize, rate: far };
  }
  if (far !== undefined) return { kind: 'far', rate: far };
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
  /** Searches in galleries; null for fewer than 20 people, or if they are unknown. */
  readonly galleryThresholds: readonly GalleryThreshold[] | null;
  /** The search that the question is about; null for other questions, or for fewer than 20 people. */
  readonly search: EstimatedSearch | null;
}

/** @throws DataError if no threshold meets the rate, or the people are too few to tell */
function findThreshold(test: EmbeddedTest, question: ThresholdQuestion): FoundThreshold {
  const { labels, embeddings } = test;
  const pairs = labels ? scorePeople(embeddings, labels) : scorePairs(embeddings, test);
  // A low rate needs all pairs of different people; a curve needs nobody who dominates it.
  const all =
    labels && question.kind === 'far'
      ? scorePeople(embeddings, labels, { imagesPerPerson: Number.POSITIVE_INFINITY, maximum: 1_000_000 })
      : pairs;
  const { size: also, rate: falseAlarmRate } = question.kind === 'gallery' ? question : {};
  const estimate = estimateThreshold(all, also === undefined ? question : { kind: 'gallery', size: also });
  if (!estimate) throw rateNotReached(test, all, question);
  const ofCurve = all === pairs ? estimate : estimateThreshold(pairs, undefined, { samples: 0 })!;
  const searches = labels ? estimateSearches(embeddings, labels, { also, falseAlarmRate }) : null;
  const search = searches?.find(({ people }) => people === also) ?? null;
  if (falseAlarmRate !== undefined && !search) throw rateNotEstimated(test, falseAlarmRate, also!);
  return {
    ...estimate,
    question,
    ...(search && { threshold: search.threshold, interval: search.interval }),
    calibration: ofCurve.calibration,
    galleryThresholds: searches?.map(storedThreshold) ?? null,
    search,
  };
}

function rateNotEstimated({ name, labels }: EmbeddedTest, rate: number, size: number): DataError {
  const people = searchablePeople(labels!);
  return new DataError(
    people < trustedPeople
      ? `--far with --gallery-size needs ${trustedPeople} people with two images each to simulate searches, but '${name}' has ${people}. ` +
          'Give images of more people, or remove --far.'
      : `No threshold up to 1 accepts at most ${exactPercent(rate)} of strangers in a gallery of ${counted(size, 'person', 'people')}. ` +
          'Give a higher --far or a smaller --gallery-size.',
  );
}

/** Returns how many people make a false accept rate trustworthy; null without a rate, or if it is unknown. */
function peopleForRate({ question, people, rateBound }: FoundThreshold): number | null {
  if (question.kind !== 'far' || people === null || rateBound === null) return null;
  return peopleNeeded(people, question.rate, rateBound);
}

/** Returns the rate of errors that a threshold keeps, and its upper end, as label and value; no row if it keeps none. */
function rateRows({ question, rateBound, search }: FoundThreshold): [string, string][] {
  if (search) return [['false alarms', falseAlarmsText(search.falseAlarms, search.falseAlarmsBound)]];
  if (question.kind !== 'far') return [];
  const bound = rateBound === null ? '' : `, up to ${percent(rateBound, 2)} with other people`;
  return [['false accepts', `at most ${exactPercent(question.rate)} of these pairs${bound}`]];
}

/** Returns how far not to trust a threshold. */
function warnings(found: FoundThreshold): string[] {
  const { people, question } = found;
  const few =
    people !== null && people < trustedPeople
      ? [
          `${counted(people, 'person is', 'people are')} few for a threshold; ${trustedPeople} or more make it reliable`,
        ]
      : [];
  if (question.kind === 'gallery' && !found.search) {
    return [
      ...few,
      'the threshold comes from pairs with odds of 1 : G, not from searches: it is too strict or too lenient for large galleries. ' +
        `Give ${trustedPeople} people or more with two images each, or a smaller gallery`,
    ];
  }
  return [...few, ...(found.search ? searchWarnings(found.search) : rateWarnings(found))];
}

/** Returns how far not to trust a false accept rate. */
function rateWarnings(found: FoundThreshold): string[] {
  const { people, question, different, differentNeeded, rateBound } = found;
  if (question.kind !== 'far') return [];
  const needed = peopleForRate(found);
  // The number of pairs grows with the square of the number of people.
  const alike =
    people === null || !differentNeeded ? null : Math.ceil(people * Math.sqrt(differentNeeded / different));
  return [
    ...(differentNeeded !== null && different < differentNeeded
      ? [
          `a rate this low needs at least ${count(differentNeeded)} pairs of different people` +
            (alike === null
              ? ''
              : `, of about ${counted(alike, 'person', 'people')} with as many images each`),
        ]
      : []),
    ...(rateBound !== null && needed !== null && rateBound > 2 * question.rate
      ? [
          `${percent(rateBound, 2)} of strangers may be accepted, not ${exactPercent(question.rate)}: ${counted(people!, 'person is', 'people are')} few. ` +
            `With ${count(Math.max(needed, alike ?? 0))} people, it is at most about ${exactPercent(Math.min(1, 2 * question.rate))}`,
        ]
      : []),
  ];
}

function rateNotReached(
  { nameOf }: EmbeddedTest,
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
