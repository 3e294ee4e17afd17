import { ConfigError, checkNumber, DataError } from '@openset/core';
import { pairSimilarities } from '@openset/metrics';
import {
  type Calibration,
  calibrateProbabilities,
  encodeModel,
  mostAccurateThreshold,
  type ScoredPairs,
  thresholdAtRate,
} from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { aligned, count, counted, decimal, exactPercent } from '../evaluation/texts.ts';
import { checkOutputFile } from '../files/check-output.ts';
import { pathStatus } from '../files/paths.ts';
import { writeAtomically } from '../files/write-file.ts';
import { differentPairs } from '../images/different-pairs.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { findModelFile, loadModel, type ModelOptions, readingFor, readModel } from '../model/load-model.ts';
import {
  type OpenedTest,
  openTest,
  reportSkippedTest,
  type SkippedTest,
  skippedRows,
  type TestChoice,
} from '../model/open-test.ts';
import { noCalibrationNotice } from '../model/thresholds.ts';
import type { CommandResult, Output } from '../output.ts';
import { startBackend } from '../start-backend.ts';

/** Options of `openset calibrate`. */
export interface CalibrateOptions extends TestChoice, ModelOptions, ImageReading {
  /** False accept rate to stay below; default: the threshold with the best accuracy. */
  readonly far?: number | undefined;
  /** Path of the new model; default: the path of the model with `-calibrated` added to the name. */
  readonly out?: string | undefined;
}

/** Result of `openset calibrate`. */
export interface CalibrateResult extends SkippedTest {
  readonly out: string;
  readonly threshold: number;
  /** Threshold of the old model. */
  readonly before: number;
  /** 95 % confidence interval of a threshold for a false accept rate; null without a rate. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Curve for probabilities; null if a higher cosine does not mean the same person on these pairs. */
  readonly calibration: Calibration | null;
  /** Number of pairs of different people that were used. */
  readonly different: number;
  /** Number of such pairs that a rate this low needs; null without a rate. */
  readonly differentNeeded: number | null;
}

/** Number of pairs that a message names. */
const namedPairs = 3;

type FoundThreshold = Pick<CalibrateResult, 'threshold' | 'interval' | 'different' | 'differentNeeded'>;

/**
 * Finds a threshold and probabilities on the user's own pairs and writes them with the weights as a new model.
 * @throws OpenSetError for a model, data or an output path that cannot be used
 */
export async function calibrate(
  options: CalibrateOptions,
  output: Output,
): Promise<CommandResult<CalibrateResult>> {
  const { far, model: path } = options;
  if (far !== undefined) checkNumber('--far', far, { minimum: 0, maximum: 1 });
  const out = options.out ?? (await defaultOutput(path));
  await checkOutputFile(out);
  await startBackend(options, output);
  const model = await loadModel(path);
  const reading = readingFor(model, options);
  const test = await openTest(reading, model.verifier, output).finally(() => model.dispose());
  const skipped = reportSkippedTest(test, output);
  const cosines = pairSimilarities(test.embeddings.values, test.embeddings.size, test.pairs);
  const pairs = { cosines, isSame: test.isSame };
  const found = far === undefined ? findBestAccuracy(pairs) : findRate(test, far);
  const calibration = calibrateProbabilities(pairs);
  if (!calibration) output.note(noCalibrationNotice);
  const { description, state } = await readModel(path);
  try {
    const calibrated = {
      threshold: found.threshold,
      thresholdSource: 'calibrated',
      falseAcceptRate: far ?? null,
      question: far === undefined ? { kind: 'pair' as const, odds: 1 } : { kind: 'far' as const, rate: far },
      calibration,
      ...(reading.orientation && { orientation: reading.orientation }),
    } as const;
    await writeAtomically(out, await encodeModel({ ...description, ...calibrated }, state));
  } finally {
    tf.dispose(state);
  }
  return {
    data: { out, before: description.threshold, calibration, ...found, ...skipped },
    text: aligned([
      ['model', out],
      ['threshold', decimal(found.threshold, 4)],
      ['before', decimal(description.threshold, 4)],
      ...rateRows(far, found),
      ...skippedRows(skipped),
    ]),
  };
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

function findBestAccuracy(pairs: Pick<OpenedTest, 'isSame'> & ScoredPairs): FoundThreshold {
  const different = pairs.isSame.filter((same) => same === 0).length;
  return { threshold: mostAccurateThreshold(pairs), interval: null, different, differentNeeded: null };
}

function findRate(test: OpenedTest, far: number): FoundThreshold {
  const { values, size } = test.embeddings;
  const pairs = pairsOfDifferentPeople(test);
  const cosines = pairSimilarities(values, size, pairs);
  const found = thresholdAtRate(cosines, far);
  if (!found) throw rateNotReached(test, pairs, cosines, far);
  return { ...found, different: cosines.length };
}

/** Labelled images give more pairs of different people than the balanced sample has. */
function pairsOfDifferentPeople({ labels, pairs, isSame }: OpenedTest): Uint32Array {
  return labels ? differentPairs(labels) : pairs.filter((_, index) => isSame[index >> 1] === 0);
}

/** Returns rows on what the threshold does and how far to trust it. */
function rateRows(
  far: number | undefined,
  { interval, different, differentNeeded }: FoundThreshold,
): [string, string][] {
  if (far === undefined || !interval) return [['criterion', 'best accuracy on these pairs']];
  const rows: [string, string][] = [
    [
      'criterion',
      `accepts at most ${exactPercent(far)} of ${counted(different, 'pair')} of different people`,
    ],
    ['interval', `${decimal(interval.low, 4)} to ${decimal(interval.high, 4)}, 95 % confidence`],
  ];
  if (differentNeeded !== null && different < differentNeeded) {
    rows.push([
      'warning',
      `a rate this low needs at least ${count(differentNeeded)} pairs of different people`,
    ]);
  }
  return rows;
}

function rateNotReached(
  { nameOf }: OpenedTest,
  pairs: Uint32Array,
  cosines: Float64Array,
  far: number,
): DataError {
  const highest = cosines.reduce((most, cosine) => Math.max(most, cosine), -1);
  const equal = [...cosines.keys()].filter((pair) => cosines[pair] === highest);
  const named = equal
    .slice(0, namedPairs)
    .map((pair) => `'${nameOf(pairs[2 * pair]!)}' and '${nameOf(pairs[2 * pair + 1]!)}'`);
  return new DataError(
    `No threshold up to 1 accepts at most ${far} of the ${counted(cosines.length, 'pair')} of different people: ` +
      `${counted(equal.length, 'pair has', 'pairs have')} equal images, such as ${named.join(', ')}. ` +
      "Is an image in the folders of two people? 'openset doctor' finds such images.",
  );
}
