import { basename } from 'node:path';
import { ConfigError } from '@openset/core';
import { pairSimilarities } from '@openset/metrics';
import { reportPage } from '@openset/report';
import type { DecidingSource, ThresholdQuestion } from '@openset/verify';
import { resolveEngine } from '../engine/engine-choice.ts';
import type { EngineFacts } from '../engine/open-engine.ts';
import {
  type ConsistencyResult,
  consistencyResult,
  consistencyRows,
} from '../evaluation/consistency-texts.ts';
import { measureConsistency } from '../evaluation/measure-consistency.ts';
import { measurePairs, type PairMeasurements } from '../evaluation/measure-pairs.ts';
import { assignGroups, type GroupTable, readGroups } from '../evaluation/read-groups.ts';
import { measureIdentityThresholds, type ReportData, reportSections } from '../evaluation/report-sections.ts';
import { aligned, decimal, measurementRows, percent } from '../evaluation/texts.ts';
import { measureUniform, type UniformMeasurements } from '../evaluation/uniform-accuracy.ts';
import { checkOutputFile } from '../files/check-output.ts';
import { writeAtomically } from '../files/write-file.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { type DecisionOptions, type LoadedModel, loadModel, readingFor } from '../model/load-model.ts';
import {
  type EmbeddedTest,
  openTest,
  reportSkippedTest,
  type SkippedTest,
  skippedRows,
  type TestChoice,
} from '../model/open-test.ts';
import { statedThreshold, thresholdRows } from '../model/threshold-rows.ts';
import type { CommandResult, Output } from '../output.ts';
import { startBackend } from '../start-backend.ts';

/** Options of `openset evaluate`. */
export interface EvaluateOptions extends TestChoice, DecisionOptions, ImageReading {
  /** Path of a table `person,group`, for labelled images. */
  readonly groups?: string | undefined;
  /** Path of the HTML report. */
  readonly report?: string | undefined;
}

/** Result of `openset evaluate`. */
export interface EvaluateResult extends PairMeasurements, SkippedTest, ConsistencyResult {
  readonly model: string;
  readonly thresholdSource: DecidingSource;
  /** Question that the threshold answers; null if the user gave the threshold, or if it is unknown. */
  readonly question: ThresholdQuestion | null;
  /** What computed the embeddings. */
  readonly engine: EngineFacts | null;
  /** Uniform accuracy on labelled images; null for pairs. */
  readonly uniform: UniformMeasurements | null;
  readonly report: string | null;
}

/**
 * Evaluates a model on pairs or on labelled images.
 * @throws OpenSetError for a model, data or a report path that cannot be used
 */
export async function evaluate(
  options: EvaluateOptions,
  output: Output,
): Promise<CommandResult<EvaluateResult>> {
  const groups = await openGroups(options);
  if (options.report !== undefined) await checkOutputFile(options.report);
  let groupOf = null as readonly (string | null)[] | null;
  const set = await openTest(options, output, (people) => {
    groupOf = groups && assignGroups(groups, people, options.data!, output);
  });
  try {
    const running = await startBackend(options, output);
    // Its images are not counted; a test set has many.
    const request = { ...resolveEngine(options), running, images: Number.POSITIVE_INFINITY, output };
    const model = await loadModel(options.model, options.threshold, request);
    try {
      const test = await set.embed(model.verifier, readingFor(model, options));
      return await evaluateModel(model, test, groupOf, options, output);
    } finally {
      model.dispose();
    }
  } finally {
    await set.close();
  }
}

async function openGroups({ groups, data }: EvaluateOptions): Promise<GroupTable | null> {
  if (groups === undefined) return null;
  if (data !== undefined) return readGroups(groups);
  throw new ConfigError('--groups needs --data: pairs do not say who is on them.');
}

async function evaluateModel(
  model: LoadedModel,
  test: EmbeddedTest,
  groupOf: readonly (string | null)[] | null,
  options: EvaluateOptions,
  output: Output,
): Promise<CommandResult<EvaluateResult>> {
  const { description, source } = model;
  const { pairs, isSame, folds, labels, embeddings } = test;
  const skipped = reportSkippedTest(test, output);
  const cosines = pairSimilarities(embeddings.values, embeddings.size, pairs);
  const stated = statedThreshold(description, source);
  const measured = measurePairs(cosines, isSame, description, folds);
  const uniform = labels && measureUniform(embeddings, labels, description);
  const consistency = labels && measureConsistency(embeddings, labels, groupOf, description.threshold);
  if (options.report !== undefined) {
    const identities = labels && measureIdentityThresholds(embeddings, labels);
    const data = { cosines, isSame, measured, stated, uniform, identities, consistency };
    const page = renderReport(options, test.name, data);
    await writeAtomically(options.report, page);
  }
  const { report = null, model: path } = options;
  const rows = [
    ...thresholdRows(stated, 4),
    ...measurementRows(measured),
    ...(uniform ? uniformRows(uniform) : []),
    ...(consistency ? consistencyRows(consistency) : []),
    ...skippedRows(skipped),
    ...(report === null ? [] : [['report', report] as const]),
  ];
  return {
    data: {
      model: path,
      thresholdSource: source,
      question: description.question ?? null,
      engine: model.engine,
      ...measured,
      uniform,
      ...consistencyResult(consistency),
      report,
      ...skipped,
    },
    text: aligned(rows),
  };
}

function uniformRows(uniform: UniformMeasurements): [string, string][] {
  const { sampleWise, classWise, atThreshold, bestThreshold } = uniform;
  const best = `${percent(uniform.uniform)} at threshold ${decimal(bestThreshold, 3)}, in hindsight`;
  return [
    ['uniform accuracy', percent(atThreshold)],
    ['best uniform accuracy', best],
    ['class-wise accuracy', `${percent(classWise)} with a threshold for each person`],
    ['sample-wise accuracy', `${percent(sampleWise)} with a threshold for each image`],
  ];
}

function renderReport({ model }: EvaluateOptions, name: string, data: ReportData): string {
  return reportPage({
    title: `${basename(model)} on ${basename(name)}`,
    introduction: `Evaluation of the model '${model}' on '${name}'.`,
    sections: reportSections(data),
  });
}
