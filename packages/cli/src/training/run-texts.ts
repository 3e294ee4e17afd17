import type { BackboneConfig, LearnedThreshold } from '@openset/core';
import { betweenEmbeddings, type ModelDescription } from '@openset/verify';
import type { RunningBackend } from '../backends.ts';
import { type LossSettings, nestedLosses } from '../config/loss-schema.ts';
import type { NetworkSettings } from '../config/network-schema.ts';
import type { ChosenSettings, RunConfig } from '../config/settings.ts';
import type { PairMeasurements } from '../evaluation/measure-pairs.ts';
import {
  acceptText,
  aligned,
  bestAccuracyText,
  closedFormRows,
  count,
  counted,
  decimal,
  gibibytes,
  percent,
} from '../evaluation/texts.ts';
import type { ImageFacts } from '../images/inspect-images.ts';
import type { SkippedList } from '../images/skipped-list.ts';
import { statedThreshold, thresholdRows } from '../model/threshold-rows.ts';
import { largePersonWarning } from '../model/threshold-warnings.ts';
import { backendText } from '../start-backend.ts';
import type { RunData, TrainingSet } from './prepare-data.ts';
import type { RunFolder } from './run-paths.ts';

/** Width of the label column, so that all lines before training align. */
const labelWidth = 'learning rate'.length;

/** Describes the choices of a run, one fact a line. */
export function choicesText(
  settings: ChosenSettings,
  facts: ImageFacts,
  data: RunData,
  backend: RunningBackend,
): string {
  const { batchSize, accumulate, schedule, seed } = settings;
  const { train } = data;
  const { classNames, size } = train.source;
  const colour = facts.channels === 1 ? 'grey' : 'colour';
  const rows: [string, string][] = [
    [
      'images',
      `${imagesText(facts.imageCount, facts.personCount)}, ${colour}, about ${facts.side} pixels wide`,
    ],
    ['training', imagesText(size, classNames.length)],
    ['evaluation', evaluationText(data)],
    ...skippedRows(data),
    ...warningRows(data),
    ...largePersonRows(settings, data),
    ['network', `${networkText(settings.network)}, input ${train.size.height} × ${train.size.width}`],
    ['loss', lossText(settings.loss)],
    ...memoryRows(train),
    ['batch size', count(batchSize * accumulate)],
    ['learning rate', `${schedule.learningRate}, ${schedule.kind}`],
    ['seed', String(seed)],
    ['backend', backendText(backend)],
  ];
  return aligned(rows, labelWidth);
}

/** Says how much of a set that does not fit into memory is kept there. */
function memoryRows({ source, size, isInMemory, cacheBytes }: TrainingSet): [string, string][] {
  if (isInMemory) return [];
  const bytes = source.size * size.height * size.width * size.channels;
  return [
    [
      'memory',
      `${gibibytes(cacheBytes)} of ${gibibytes(bytes)} of decoded images; each epoch decodes the rest`,
    ],
  ];
}

function imagesText(images: number, people: number): string {
  return `${counted(images, 'image')} of ${counted(people, 'person', 'people')}`;
}

function evaluationText(data: RunData): string {
  return data.pairs ? `${counted(data.pairs.isSame.length, 'pair')} of ${pairsText(data)}` : 'none, no pairs';
}

function pairsText({ heldOutPeople, pairsSource }: RunData): string {
  return heldOutPeople > 0 ? `${counted(heldOutPeople, 'person', 'people')} held out` : `'${pairsSource}'`;
}

function skippedRows({ skipped, peopleWithoutImages: people }: RunData): [string, string][] {
  if (skipped.length === 0) return [];
  const gone = people > 0 ? `; ${counted(people, 'person has', 'people have')} no other` : '';
  return [['skipped', `${counted(skipped.length, 'image')} that cannot be read${gone}`]];
}

function largePersonRows({ maxImagesPerPerson }: ChosenSettings, { train }: RunData): [string, string][] {
  const { classNames, labels } = train.source;
  const warning = largePersonWarning(classNames, labels, maxImagesPerPerson);
  return warning === null ? [] : [['warning', warning]];
}

function warningRows(data: RunData): [string, string][] {
  const notice = seenInTrainingNotice(data);
  return notice === null ? [] : [['warning', notice]];
}

/** Returns a notice about pairs with images that are also trained on; null if there are none. */
export function seenInTrainingNotice({ imagesSeenInTraining: seen }: RunData): string | null {
  if (seen === 0) return null;
  const are = seen === 1 ? 'is' : 'are';
  return `${counted(seen, 'image')} of the pairs ${are} also trained on, so accuracy on other people will be lower.`;
}

/** Describes the length of a run, one fact a line. */
export function lengthText(
  { steps, epochs, evaluateEvery }: RunConfig,
  stepsPerEpoch: number,
  secondsPerStep: number | null,
): string {
  const total = steps ?? epochs * stepsPerEpoch;
  const totalEpochs = decimal(total / stepsPerEpoch, total < 10 * stepsPerEpoch ? 1 : 0);
  const time =
    secondsPerStep === null
      ? ''
      : `, ${secondsPerStep.toPrecision(2)} s each, about ${durationText(total * secondsPerStep)}`;
  const cadence = evaluateEvery.steps
    ? counted(evaluateEvery.steps, 'step')
    : counted(evaluateEvery.epochs ?? 1, 'epoch');
  const rows: [string, string][] = [
    ['steps', `${count(total)}, ${totalEpochs} epochs${time}`],
    ['checkpoint', `every ${cadence}`],
  ];
  return aligned(rows, labelWidth);
}

/** Describes the result of a run, one fact a line. */
export function resultText(
  description: ModelDescription,
  measured: PairMeasurements | null,
  data: RunData,
  folder: RunFolder,
  skipped: SkippedList,
  warnings: readonly string[],
): string {
  const { learnedThreshold = null } = description;
  const rows: [string, string][] = [['model', folder.model], ...thresholdRows(statedThreshold(description))];
  if (measured) {
    const { accuracy } = measured;
    rows.push(
      ['accuracy', `${percent(accuracy.estimate)} on ${evaluationText(data)}`],
      ['best accuracy', bestAccuracyText(measured)],
    );
  }
  rows.push(
    ...warningRows(data),
    ...warnings.map((warning): [string, string] => ['warning', warning]),
    ['learned threshold', learnedText(learnedThreshold, measured)],
    ...closedFormRows(measured),
    ...(skipped.size > 0
      ? [['skipped', `${counted(skipped.size, 'image')}, listed in ${skipped.path}`] as [string, string]]
      : []),
    ['report', folder.report],
  );
  return aligned(rows);
}

/** Describes the threshold learned in training, and why another one decides. */
function learnedText(learned: LearnedThreshold | null, measured: PairMeasurements | null): string {
  if (!learned) return 'none';
  const value = `${decimal(learned.cosine, 3)} between ${learned.between}`;
  if (!betweenEmbeddings(learned)) return `${value}, not between two embeddings`;
  if (learned.cosine > 1) return `${value}, above all cosines: train longer`;
  if (!measured?.learned) return value;
  const effect = `${value}, accuracy ${percent(measured.learned.accuracy)}, ${acceptText(measured.learned)}`;
  // Training compares each embedding with all others, so the learned threshold is stricter than balanced pairs need.
  return measured.threshold === learned.cosine ? effect : `${effect}; decide with it by --threshold learned`;
}

/** Describes a network by its name and the options that matter most. */
export function networkText({ backbone, ...options }: NetworkSettings | BackboneConfig): string {
  const { depth, blocks, width, embeddingSize, head, freeze } = options as Record<
    string,
    number | number[] | undefined
  >;
  const {
    name,
    source = name,
    init,
  } = options as { name?: string; source?: string; init?: { path: string } };
  const parts = [
    depth === undefined ? '' : `depth ${depth}`,
    Array.isArray(blocks) ? `blocks ${blocks.join('-')}` : '',
    width === undefined ? '' : `width ${width}`,
    embeddingSize === undefined ? '' : `embedding size ${embeddingSize}`,
    head == null ? '' : `head of ${head} numbers`,
    init ? `weights of ${init.path}` : '',
    frozenText(freeze ?? 0),
  ];
  return [source ?? backbone, ...parts.filter((part) => part !== '')].join(', ');
}

function frozenText(freeze: unknown): string {
  if (freeze === 'backbone' || freeze === 'all') return 'frozen';
  return freeze === 0 ? '' : `${counted(freeze as number, 'stage')} frozen`;
}

function lossText(settings: LossSettings): string {
  const { loss, classLoss: _classLoss, parts: _parts, ...options } = settings;
  const values = Object.entries(options).map(([key, value]) => `${key} ${String(value)}`);
  const text = values.length > 0 ? `${loss} (${values.join(', ')})` : loss;
  const nested = nestedLosses(settings).map(([, one]) => lossText(one));
  return nested.length > 0 ? `${text} with ${nested.join(' and ')}` : text;
}

function durationText(seconds: number): string {
  if (seconds < 90) return counted(Math.round(seconds), 'second');
  return seconds < 5400 ? counted(Math.round(seconds / 60), 'minute') : `${decimal(seconds / 3600, 1)} hours`;
}
