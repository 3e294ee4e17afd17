import { ConfigError, checkNumber, DataError } from '@openset/core';
import { pairSimilarities } from '@openset/metrics';
import {
  calibrateProbabilities,
  encodeModel,
  mostAccurateThreshold,
  type ScoredPairs,
  thresholdAtRate,
} from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { count, percent } from '../evaluation/texts.ts';
import { checkFilePlace } from '../files/check-place.ts';
import { statusOf } from '../files/status-of.ts';
import { writeAtOnce } from '../files/write-at-once.ts';
import { differentPairs } from '../images/different-pairs.ts';
import { loadModel, modelFile, readModel } from '../model/load-model.ts';
import { type OpenedTest, openTest, type TestChoice } from '../model/open-test.ts';
import type { CommandResult, Output } from '../output.ts';
import { type BackendChoice, startBackend } from '../start-backend.ts';

/** Options of `openset calibrate`. */
export interface CalibrateOptions extends TestChoice, BackendChoice {
  readonly model: string;
  /** Accept at most this share of pairs of different people; default: the most right answers. */
  readonly far?: number | undefined;
  /** The new model file; default beside the old one, with `-calibrated` in its name, where that is free. */
  readonly out?: string | undefined;
}

/** What `openset calibrate` answers. */
export interface CalibrateResult {
  readonly out: string;
  readonly threshold: number;
  /** The one in the old file. */
  readonly before: number;
  /** 95 % confidence interval of a threshold for a rate; null for the most right answers. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Pairs of different people that were used, and how many the rate takes. */
  readonly different: number;
  readonly differentNeeded: number | null;
}

type Threshold = Pick<CalibrateResult, 'threshold' | 'interval' | 'different' | 'differentNeeded'>;

/**
 * Writes a model with a threshold, and probabilities, from pairs of the user's own.
 * @throws OpenSetError for a model, data or a place that cannot be used
 */
export async function calibrate(
  options: CalibrateOptions,
  output: Output,
): Promise<CommandResult<CalibrateResult>> {
  const { far, model: path } = options;
  if (far !== undefined) checkNumber('--far', far, { minimum: 0, maximum: 1 });
  const out = options.out ?? (await placeBeside(path));
  await checkFilePlace(out);
  await startBackend(options, output);
  const model = await loadModel(path);
  const test = await openTest(options, model.verifier, output).finally(() => model.dispose());
  const cosines = pairSimilarities(test.embeddings.values, test.embeddings.size, test.pairs);
  const pairs = { cosines, isSame: test.isSame };
  const found = far === undefined ? forAccuracy(pairs) : forRate(test, cosines, far);
  const { description, state } = await readModel(path);
  try {
    const calibrated = {
      threshold: found.threshold,
      thresholdSource: 'calibrated',
      falseAcceptRate: far ?? null,
      calibration: calibrateProbabilities(pairs),
    } as const;
    await writeAtOnce(out, await encodeModel({ ...description, ...calibrated }, state));
  } finally {
    tf.dispose(state);
  }
  return {
    data: { out, before: description.threshold, ...found },
    text: [
      `${out}: threshold ${found.threshold.toFixed(4)} (before: ${description.threshold.toFixed(4)})`,
      ...advice(far, found),
    ].join('\n'),
  };
}

/**
 * The place of the new model where none is given.
 * @throws ConfigError if there is a file: an earlier calibration, which nobody asked to replace
 */
async function placeBeside(path: string): Promise<string> {
  const out = `${(await modelFile(path)).replace(/\.safetensors$/, '')}-calibrated.safetensors`;
  if (!(await statusOf(out))) return out;
  throw new ConfigError(
    `'${out}' is there already: name the new model with --out, or take the old one away.`,
  );
}

function forAccuracy(pairs: Pick<OpenedTest, 'isSame'> & ScoredPairs): Threshold {
  const different = pairs.isSame.filter((same) => same === 0).length;
  return { threshold: mostAccurateThreshold(pairs), interval: null, different, differentNeeded: null };
}

/** Labelled images give more pairs of different people than the balanced sample holds. */
function forRate({ isSame, labels, embeddings }: OpenedTest, cosines: Float64Array, far: number): Threshold {
  const negatives = labels
    ? pairSimilarities(embeddings.values, embeddings.size, differentPairs(labels))
    : cosines.filter((_, pair) => isSame[pair] === 0);
  const found = thresholdAtRate(negatives, far);
  if (!found) throw noThreshold(far, negatives.length);
  return { ...found, different: negatives.length };
}

function advice(far: number | undefined, { interval, different, differentNeeded }: Threshold): string[] {
  if (far === undefined || !interval) return ['It has the most right answers on these pairs.'];
  const range = `95 % confidence: ${interval.low.toFixed(4)} to ${interval.high.toFixed(4)}`;
  const lines = [
    `It accepts at most ${percent(far, 3)} of ${count(different)} pairs of different people; ${range}.`,
  ];
  if (differentNeeded !== null && different < differentNeeded) {
    lines.push(`For a rate that low, ${count(differentNeeded)} such pairs would be needed to trust it.`);
  }
  return lines;
}

function noThreshold(far: number, different: number): DataError {
  return new DataError(
    `No cosine up to 1 accepts at most ${far} of the ${different} pairs of different people: some of them are of one image. ` +
      'Is an image in the folders of two people?',
  );
}
