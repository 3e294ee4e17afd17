import { basename } from 'node:path';
import { type ReportSection, reportPage } from '@openset/report';
import type { TimelineEvent } from '@openset/train';
import type { ModelDescription } from '@openset/verify';
import type { RunConfig } from '../config/settings.ts';
import type { PairMeasurements } from '../evaluation/measure-pairs.ts';
import { measureIdentityThresholds, reportSections } from '../evaluation/report-sections.ts';
import { count, counted } from '../evaluation/texts.ts';
import { measureUniform } from '../evaluation/uniform-accuracy.ts';
import { statedThreshold, thresholdRows } from '../model/threshold-rows.ts';
import { timelineSection } from '../ranks/timeline-section.ts';
import type { PairScores } from './pair-evaluation.ts';
import type { RunData } from './prepare-data.ts';
import { seenInTrainingNotice } from './run-texts.ts';

/** Data of a run's report. */
export interface RunReport {
  readonly config: RunConfig;
  readonly data: RunData;
  readonly description: ModelDescription;
  readonly measured: PairMeasurements | null;
  readonly scored: PairScores | null;
  /** Step whose weights the model has. */
  readonly step: number;
  /** What is doubtful about the threshold. */
  readonly warnings: readonly string[];
  /** What several ranks did in a few steps; empty for one process. */
  readonly timelines: readonly TimelineEvent[];
}

/** Renders the report of a run as an HTML page. */
export function renderRunReport({
  config,
  data,
  description,
  measured,
  scored,
  step,
  warnings,
  timelines,
}: RunReport): string {
  const { source } = data.train;
  const images = `${counted(source.size, 'image')} of ${counted(source.classNames.length, 'person', 'people')}`;
  const ranks = timelineSection(timelines);
  return reportPage({
    title: `${config.loss.loss} on ${basename(config.data)}`,
    introduction: [
      `A network trained on ${images}. ${describeEvaluation(data)}`,
      ...warnings.map((warning) => `Warning: ${warning}`),
    ].join(' '),
    sections: [
      ...(measured && scored ? pairSections(data, description, measured, scored) : []),
      {
        heading: 'The run',
        text: `The model has the weights of step ${count(step)}. Repeat the run with 'openset train --config config.json'.`,
        table: {
          columns: ['setting', 'value'],
          rows: [...thresholdRows(statedThreshold(description), 4), ...settingRows(config)],
        },
      },
      ...(ranks ? [ranks] : []),
    ],
  });
}

function describeEvaluation(data: RunData): string {
  const { pairsSource, heldOutPeople } = data;
  if (pairsSource === null) return 'It was not evaluated, because there were no pairs.';
  if (heldOutPeople > 0) return 'It is evaluated on pairs of people who were held out from training.';
  return [`It is evaluated on the pairs in '${pairsSource}'.`, seenInTrainingNotice(data) ?? '']
    .join(' ')
    .trim();
}

function settingRows(config: RunConfig): [string, string][] {
  const set = Object.entries(config).filter(([, value]) => value !== undefined);
  return set.map(([key, value]) => [key, JSON.stringify(value)]);
}

function pairSections(
  { heldOutPeople }: RunData,
  description: ModelDescription,
  measured: PairMeasurements,
  { cosines, isSame, labels, embeddings }: PairScores,
): ReportSection[] {
  // Images of a verification set have no classes.
  const isLabelled = heldOutPeople > 0 && labels.every((label) => label >= 0);
  const sections = reportSections({
    cosines,
    isSame,
    measured,
    stated: statedThreshold(description),
    identities: isLabelled ? measureIdentityThresholds(embeddings, labels) : null,
    uniform: isLabelled ? measureUniform(embeddings, labels, description) : null,
  });
  const [first, ...others] = sections;
  const held = heldOutPeople > 0 ? `${counted(heldOutPeople, 'person', 'people')} held out. ` : '';
  return [{ ...first!, text: `${held}${first!.text ?? ''}` }, ...others];
}
