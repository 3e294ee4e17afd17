import type { BackboneConfig, LearnedThreshold } from '@openset/core';
import type { ModelDescription } from '@openset/verify';
import type { RunningBackend } from '../backends.ts';
import type { LossSettings } from '../config/loss-schema.ts';
import type { ChosenSettings, RunConfig } from '../config/settings.ts';
import type { PairMeasurements } from '../evaluation/measure-pairs.ts';
import { acceptText, aligned, count, counted, percent } from '../evaluation/texts.ts';
import type { ImageFacts } from '../images/inspect-images.ts';
import { betweenEmbeddings } from '../model/thresholds.ts';
import { backendText } from '../start-backend.ts';
import type { RunData } from './prepare-data.ts';
import type { RunFolder } from './run-folder.ts';

/** What was chosen, in a few plain lines. */
export function choiceLines(
  config: ChosenSettings,
  facts: ImageFacts,
  data: RunData,
  running: RunningBackend,
): string[] {
  const { train, pairs, heldPeople, pairsFrom } = data;
  const colours = facts.channels === 1 ? 'grey' : 'in colour';
  const learners = `${counted(train.source.classNames.length, 'person', 'people')} (${counted(train.source.size, 'image')})`;
  const judges = pairs
    ? `, judged on ${count(pairs.isSame.length)} pairs of `
    : ', not judged: there are no pairs';
  const others = heldPeople > 0 ? `${count(heldPeople)} others, who are held out` : `'${pairsFrom}'`;
  return [
    `Data: ${counted(facts.imageCount, 'image')} of ${counted(facts.personCount, 'person', 'people')}, ${colours}, about ${facts.side} pixels wide.`,
    `Trained on ${learners}${judges}${pairs ? others : ''}.`,
    ...(data.imagesSeenInTraining > 0 ? [seenText(data)] : []),
    `Network: ${networkText(config.network)}, images of ${train.size.height} × ${train.size.width}.`,
    `Loss: ${lossText(config.loss)}.`,
    `Batches of ${config.batchSize * config.accumulate}, learning rate ${config.schedule.learningRate} (${config.schedule.kind}), seed ${config.seed}.`,
    `Backend: ${backendText(running)}.`,
  ];
}

/** Pairs of images that are trained on say little about others. */
export function seenText({ imagesSeenInTraining }: RunData): string {
  const are = `${counted(imagesSeenInTraining, 'image')} of the pairs ${imagesSeenInTraining === 1 ? 'is' : 'are'}`;
  return `${are} trained on too: on strangers the network will do worse.`;
}

/** How long the run is. */
export function lengthLine(
  { steps, epochs, evaluateEvery }: RunConfig,
  stepsPerEpoch: number,
  secondsPerStep: number | null,
): string {
  const all = steps ?? epochs * stepsPerEpoch;
  const rounds = `${(all / stepsPerEpoch).toFixed(all < 10 * stepsPerEpoch ? 1 : 0)} times through the data`;
  const evaluated = evaluateEvery.steps
    ? `every ${counted(evaluateEvery.steps, 'step')}`
    : `every ${counted(evaluateEvery.epochs ?? 1, 'epoch')}`;
  const time =
    secondsPerStep === null
      ? ''
      : `, ${secondsPerStep.toPrecision(2)} s each: about ${durationText(all * secondsPerStep)}`;
  return `Length: ${counted(all, 'step')} (${rounds})${time}; saved ${evaluated}.`;
}

/** What came out. */
export function resultText(
  description: ModelDescription,
  measured: PairMeasurements | null,
  data: RunData,
  folder: RunFolder,
): string {
  const { threshold, thresholdSource, learnedThreshold: learned } = description;
  const rows: [string, string][] = [
    ['Model:', folder.model],
    ['Threshold:', `${threshold.toFixed(3)}, ${thresholdSource}`],
  ];
  if (measured) {
    const { accuracy, best, same, different } = measured;
    rows.push([
      'Accuracy:',
      `${percent(accuracy.estimate)} on ${count(same + different)} pairs of ${judgesText(data)}; at ` +
        `${best.threshold.toFixed(3)}, their best threshold in hindsight, ${percent(best.accuracy)}`,
    ]);
  }
  if (data.imagesSeenInTraining > 0) rows.push(['', seenText(data)]);
  rows.push(['Learned:', learnedText(learned ?? null, measured)], ['Report:', folder.report]);
  return aligned(rows);
}

/** Only people held out are known to be strangers to the network. */
function judgesText({ heldPeople, pairsFrom }: RunData): string {
  return heldPeople > 0 ? 'people it has never seen' : `'${pairsFrom}'`;
}

/** What the loss has learned, and what became of it. */
function learnedText(learned: LearnedThreshold | null, measured: PairMeasurements | null): string {
  if (!learned) return 'no threshold';
  const value = `${learned.cosine.toFixed(3)} between ${learned.between}`;
  if (!betweenEmbeddings(learned)) return `${value}, which is not the one between two embeddings`;
  if (learned.cosine > 1) return `${value}, which no cosine reaches: train longer`;
  if (!measured?.learned) return value;
  const did = `${value}: ${percent(measured.learned.accuracy)}, ${acceptText(measured.learned)}`;
  // One embedding is set against all the others when it is learned: strict, where pairs are half and half.
  return measured.threshold === learned.cosine ? did : `${did}; '--threshold learned' decides with it`;
}

function networkText({ backbone, ...options }: BackboneConfig): string {
  const { depth, blocks, width, embeddingSize } = options as Record<string, number | number[] | undefined>;
  const parts = [
    depth === undefined ? '' : `depth ${depth}`,
    Array.isArray(blocks) ? `${blocks.join('-')} blocks` : '',
    width === undefined ? '' : `${width} channels at first`,
    embeddingSize === undefined ? '' : `embeddings of ${embeddingSize} numbers`,
  ];
  return [backbone, ...parts.filter((part) => part !== '')].join(', ');
}

function lossText(settings: LossSettings): string {
  const { loss, classLoss, ...options } = settings as { loss: string; classLoss?: LossSettings };
  const values = Object.entries(options).map(([key, value]) => `${key} ${String(value)}`);
  const text = values.length > 0 ? `${loss} (${values.join(', ')})` : loss;
  return classLoss ? `${text} with ${lossText(classLoss)}` : text;
}

function durationText(seconds: number): string {
  if (seconds < 90) return counted(Math.round(seconds), 'second');
  return seconds < 5400
    ? counted(Math.round(seconds / 60), 'minute')
    : `${(seconds / 3600).toFixed(1)} hours`;
}
