import { smallCnn } from '@openset/backbones';
import { type Backbone, type OpenSetLoss, readThreshold } from '@openset/core';
import { toTensors } from '@openset/data';
import { cosineSchedule, Sgd, Trainer } from '@openset/train';
import { betweenEmbeddings, learnedQuestion, type ModelDescription, Verifier } from '@openset/verify';
import type { ImageSet } from '../image-set.ts';
import { imageSize } from '../image-set.ts';
import type { Measurement, TrainingEnd, TrainingNews, TrainSettings } from '../messages.ts';
import { batchSize, imageSource, trainingLoader } from './load-images.ts';
import { createLossOf } from './losses.ts';
import { PairWatch } from './measure.ts';

/** A trained network with the metadata of its file. */
export interface TrainedModel {
  readonly backbone: Backbone;
  readonly description: ModelDescription;
}

const seed = 1;
const learningRate = 0.1;
/** Time between two reports of steps, in milliseconds. */
const reportEvery = 50;
/** Measurements take at most this share of the time. */
const measuringShare = 0.3;

/**
 * Trains a small network.
 * @param tell receives the news of the run
 * @param signal stops the run
 * @returns the network, which the caller disposes of, and how the run ended
 * @throws OpenSetError for images or settings that cannot be trained on
 */
export async function trainModel(
  images: ImageSet,
  { loss: word, epochs }: TrainSettings,
  tell: (news: TrainingNews) => void,
  signal: AbortSignal,
): Promise<{ model: TrainedModel; end: TrainingEnd }> {
  const { classNames, train } = images;
  const watch = new PairWatch(images);
  const embeddingSize = 64;
  const backbone = smallCnn({ inputSize: imageSize, channels: 1, embeddingSize, seed });
  const verifier = new Verifier({ backbone, threshold: 0, flipSum: false, batchSize });
  const loss = createLossOf(word, epochs, { numClasses: classNames.length, embeddingSize, seed });
  const optimizer = new Sgd({ learningRate, momentum: 0.9, weightDecay: 5e-4 });
  const source = imageSource(train, classNames);
  const trainingBatch = Math.min(batchSize, train.labels.length);
  const totalSteps = epochs * Math.floor(train.labels.length / trainingBatch);
  try {
    const trainer = new Trainer({
      backbone,
      loss,
      optimizer,
      schedule: cosineSchedule({
        by: 'step',
        learningRate,
        length: totalSteps,
        warmup: Math.floor(totalSteps / 20),
      }),
      batches: (start) => trainingLoader(source, { batchSize: trainingBatch, start, seed }),
      toTensors,
      steps: totalSteps,
      clipNorm: 10,
      signal,
    });
    const report = new StepReport(tell);
    const measure = async (step: number) => {
      const measurement = await watch.measure(verifier, step, await readThreshold(loss));
      report.send();
      tell({ kind: 'measurement', measurement });
      return measurement;
    };
    tell({ kind: 'start', totalSteps });
    const start = performance.now();
    let step = 0;
    let nextMeasurement = 0;
    for await (const event of trainer) {
      if (event.kind === 'step') {
        step = event.step;
        const threshold = betweenEmbeddings(event.threshold)?.cosine ?? null;
        report.add({ step, loss: event.loss, epoch: event.epoch, threshold });
      }
      if ((event.kind === 'step' || event.kind === 'start') && performance.now() >= nextMeasurement) {
        const begin = performance.now();
        await measure(step);
        nextMeasurement = performance.now() + (performance.now() - begin) * (1 / measuringShare - 1);
      }
    }
    const measurement = await measure(step);
    const seconds = (performance.now() - start) / 1000;
    const model = { backbone, description: await describeModel(backbone, loss, measurement) };
    return { model, end: { isStopped: signal.aborted, steps: step, seconds } };
  } catch (error) {
    backbone.dispose();
    throw error;
  } finally {
    loss.dispose();
    optimizer.dispose();
  }
}

/** Returns the metadata of the model's file, as `openset train` writes them. */
async function describeModel(
  backbone: Backbone,
  loss: OpenSetLoss,
  { threshold, source, calibration }: Measurement,
): Promise<ModelDescription> {
  const learnedThreshold = await readThreshold(loss);
  const isLearned = source === 'learned';
  return {
    backbone: backbone.getConfig(),
    threshold: threshold ?? 1,
    thresholdSource: isLearned ? 'learned' : 'calibrated',
    question: isLearned ? learnedQuestion(learnedThreshold) : { kind: 'pair', odds: 1 },
    learnedThreshold,
    calibration,
    loss: loss.getConfig(),
    flipSum: false,
  };
}

/** Collects steps, so that a fast network does not send a message for each. */
class StepReport {
  private losses: [step: number, loss: number][] = [];
  private last: { step: number; epoch: number; threshold: number | null } | null = null;
  private sent = 0;

  private readonly tell: (news: TrainingNews) => void;

  constructor(tell: (news: TrainingNews) => void) {
    this.tell = tell;
  }

  add({
    loss,
    ...last
  }: {
    step: number;
    loss: number | null;
    epoch: number;
    threshold: number | null;
  }): void {
    this.last = last;
    if (loss !== null) this.losses.push([last.step, loss]);
    if (performance.now() >= this.sent + reportEvery) this.send();
  }

  send(): void {
    if (!this.last) return;
    this.tell({ kind: 'steps', ...this.last, losses: this.losses });
    this.losses = [];
    this.last = null;
    this.sent = performance.now();
  }
}
