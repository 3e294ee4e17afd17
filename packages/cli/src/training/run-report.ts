import { basename } from 'node:path';
import { type ReportSection, reportPage } from '@openset/report';
import type { ModelDescription } from '@openset/verify';
import type { RunConfig } from '../config/settings.ts';
import type { PairMeasurements } from '../evaluation/measure-pairs.ts';
import { reportSections, thresholdsOfPeople } from '../evaluation/report-sections.ts';
import { count, counted } from '../evaluation/texts.ts';
import { measureUniform } from '../evaluation/uniform-accuracy.ts';
import type { PairScores } from './pair-evaluation.ts';
import type { RunData } from './prepare-data.ts';
import { seenText } from './run-texts.ts';

/** What the report of a run tells. */
export interface RunReport {
  readonly config: RunConfig;
  readonly data: RunData;
  readonly description: ModelDescription;
  readonly measured: PairMeasurements | null;
  readonly scored: PairScores | null;
  /** Steps after which the weights are those of the model. */
  readonly step: number;
}

/** The report of a run as an HTML page. */
export function runReport({ config, data, description, measured, scored, step }: RunReport): string {
  const { source } = data.train;
  const { threshold, thresholdSource } = description;
  const people = `${count(source.size)} images of ${count(source.classNames.length)} people`;
  return reportPage({
    title: `${config.loss.loss} on ${basename(config.data)}`,
    introduction: `A network trained on ${people}. ${judgedText(data)}`,
    sections: [
      ...(measured && scored ? pairSections(data, description, measured, scored) : []),
      {
        heading: 'The run',
        text: `The weights are those after step ${count(step)}. 'openset train --config config.json' repeats the run.`,
        table: {
          columns: ['setting', 'value'],
          rows: [['threshold', `${threshold.toFixed(4)}, ${thresholdSource}`], ...settingRows(config)],
        },
      },
    ],
  });
}

/** Only people held out are known to be strangers to the network. */
function judgedText(data: RunData): string {
  const { pairsFrom, heldPeople, imagesSeenInTraining } = data;
  if (pairsFrom === null) return 'It was not judged: there were no pairs of others.';
  if (heldPeople > 0) return 'It is judged on pairs of others, never trained on: people held out.';
  return `It is judged on pairs of '${pairsFrom}'.${imagesSeenInTraining > 0 ? ` ${seenText(data)}` : ''}`;
}

function settingRows(config: RunConfig): [string, string][] {
  const given = Object.entries(config).filter(([, value]) => value !== undefined);
  return given.map(([key, value]) => [key, JSON.stringify(value)]);
}

function pairSections(
  { pairs, heldPeople }: RunData,
  description: ModelDescription,
  measured: PairMeasurements,
  { cosines, embeddings }: PairScores,
): ReportSection[] {
  const isSame = pairs!.isSame;
  const { labels } = pairs!.images;
  // The images of a verification set have no classes.
  const isLabelled = heldPeople > 0 && labels.every((label) => label >= 0);
  const sections = reportSections({
    cosines,
    isSame,
    measured,
    source: description.thresholdSource,
    identities: isLabelled ? thresholdsOfPeople(embeddings, labels) : null,
    uniform: isLabelled ? measureUniform(embeddings, labels, description) : null,
  });
  const [first, ...others] = sections;
  const held = heldPeople > 0 ? `${counted(heldPeople, 'person', 'people')} held out. ` : '';
  return [{ ...first!, text: `${held}${first!.text ?? ''}` }, ...others];
}
