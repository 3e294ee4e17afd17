import { basename } from 'node:path';
import { pairSimilarities } from '@openset/metrics';
import { reportPage } from '@openset/report';
import { measurePairs, type PairMeasurements } from '../evaluation/measure-pairs.ts';
import { type ReportData, reportSections, thresholdsOfPeople } from '../evaluation/report-sections.ts';
import { aligned, measurementRows, percent } from '../evaluation/texts.ts';
import { measureUniform, type UniformMeasurements } from '../evaluation/uniform-accuracy.ts';
import { checkFilePlace } from '../files/check-place.ts';
import { writeAtOnce } from '../files/write-at-once.ts';
import { type LoadedModel, loadModel } from '../model/load-model.ts';
import { openTest, type TestChoice } from '../model/open-test.ts';
import type { GivenThreshold, ThresholdSource } from '../model/thresholds.ts';
import type { CommandResult, Output } from '../output.ts';
import { type BackendChoice, startBackend } from '../start-backend.ts';

/** Options of `openset evaluate`. */
export interface EvaluateOptions extends TestChoice, BackendChoice {
  readonly model: string;
  /** Decides instead of the model's. */
  readonly threshold?: GivenThreshold | undefined;
  /** Where an HTML page goes. */
  readonly report?: string | undefined;
}

/** What `openset evaluate` answers. */
export interface EvaluateResult extends PairMeasurements {
  readonly model: string;
  readonly thresholdSource: ThresholdSource;
  /** Of images with known people; otherwise null. */
  readonly uniform: UniformMeasurements | null;
  readonly report: string | null;
}

/**
 * Measures a model on pairs, or on images of known people.
 * @throws OpenSetError for a model, data or a place of the report that cannot be used
 */
export async function evaluate(
  options: EvaluateOptions,
  output: Output,
): Promise<CommandResult<EvaluateResult>> {
  if (options.report !== undefined) await checkFilePlace(options.report);
  await startBackend(options, output);
  const model = await loadModel(options.model, options.threshold);
  try {
    return await evaluateModel(model, options, output);
  } finally {
    model.dispose();
  }
}

async function evaluateModel(
  { verifier, description, source }: LoadedModel,
  options: EvaluateOptions,
  output: Output,
): Promise<CommandResult<EvaluateResult>> {
  const test = await openTest(options, verifier, output);
  const { pairs, isSame, folds, labels, embeddings } = test;
  const cosines = pairSimilarities(embeddings.values, embeddings.size, pairs);
  const { threshold } = description;
  const measured = measurePairs(cosines, isSame, description, folds);
  const uniform = labels && measureUniform(embeddings, labels, description);
  if (options.report !== undefined) {
    const identities = labels && thresholdsOfPeople(embeddings, labels);
    const page = reportOf(options, test.name, { cosines, isSame, measured, source, uniform, identities });
    await writeAtOnce(options.report, page);
  }
  const { report = null, model } = options;
  const rows = [
    ['threshold', `${threshold.toFixed(4)}, ${source}`] as const,
    ...measurementRows(measured),
    ...(uniform ? [uniformRow(uniform)] : []),
    ...(report === null ? [] : [['report', report] as const]),
  ];
  return {
    data: { model, thresholdSource: source, ...measured, uniform, report },
    text: aligned(rows),
  };
}

function uniformRow(uniform: UniformMeasurements): [string, string] {
  const { sampleWise, classWise, atThreshold, bestThreshold } = uniform;
  return [
    'uniform accuracy',
    `${percent(uniform.uniform)} at ${bestThreshold.toFixed(3)}, ${percent(atThreshold)} at the threshold; with a threshold ` +
      `for each person ${percent(classWise)}, for each image ${percent(sampleWise)}`,
  ];
}

function reportOf({ model }: EvaluateOptions, name: string, data: ReportData): string {
  return reportPage({
    title: `${basename(model)} on ${basename(name)}`,
    introduction: `The model '${model}', measured on '${name}'.`,
    sections: reportSections(data),
  });
}
