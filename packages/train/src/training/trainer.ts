import { ConfigError, hasSynchronousReads, type LearnedThreshold, readThreshold } from '@openset/core';
import { CheckpointKeeper, type RestoredRun } from '../checkpoints/checkpoint-keeper.ts';
import { captureShared } from '../checkpoints/run-state.ts';
import { type Logger, logEvents } from '../logging/logger.ts';
import { anyRank, onAllRanks } from '../parallel/agree.ts';
import { RankRates } from '../parallel/rank-rates.ts';
import { checkSameState } from '../parallel/same-state.ts';
import { gatherTimeline } from '../parallel/step-timeline.ts';
import { BatchFeed } from './batch-feed.ts';
import type { TrainingBatch } from './batch-source.ts';
import { type Cadence, isDue, type StepPosition } from './cadence.ts';
import { bestMeasure, type EvaluationResult, evaluate } from './evaluation.ts';
import type { FinishedEvent, RunPosition, StartEvent, StoppedEvent, TrainingEvent } from './events.ts';
import type { StepNumbers } from './loss-readings.ts';
import { initialProgress, type Progress } from './progress.ts';
import { StepRunner } from './step-runner.ts';
import {
  type ResolvedTrainerOptions,
  resolveTrainerOptions,
  type TrainerOptions,
} from './trainer-options.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

/** Steps at the start of a process whose timeline is not gathered. */
const stepsWithoutTimeline = 2;

/**
 * A training run: an async iterable of events. It trains only while it is iterated.
 *
 * A run is a function of its options. A run that was stopped or killed resumes from its last checkpoint when it is started
 * with the same options and store. Its weights equal those of an uninterrupted run, bit for bit on cpu and wasm.
 *
 * @example
 * import { smallCnn } from '@openset/backbones';
 * import { epochNumber } from '@openset/core';
 * import { createLoader, type ImageSource } from '@openset/data';
 * import { CosFaceLoss } from '@openset/margin';
 * import { Sgd, Trainer } from '@openset/train';
 * import '@tensorflow/tfjs';
 *
 * // Two classes of 8 × 8 grey images. `openImageFolder` of @openset/data/node opens images of yours.
 * const labels = Int32Array.of(0, 1, 0, 1);
 * const raw = { height: 8, width: 8, channels: 1 } as const;
 * const source: ImageSource = {
 *   size: 4,
 *   classNames: ['dark', 'bright'],
 *   labels,
 *   get: async (index) => {
 *     const label = labels[index]!;
 *     return { bytes: new Uint8Array(64).fill(200 * label), raw, label, origin: `image ${index}` };
 *   },
 *   close: async () => {},
 * };
 * const trainer = new Trainer({
 *   backbone: smallCnn({ inputSize: 8, channels: 1, width: 4, embeddingSize: 8 }),
 *   loss: new CosFaceLoss({ numClasses: 2, embeddingSize: 8 }),
 *   optimizer: new Sgd({ learningRate: 0.1, momentum: 0.9 }),
 *   epochs: 2,
 *   batches: (start) => createLoader(source, { batchSize: 4, ...raw, shuffle: true, start }),
 * });
 * for await (const event of trainer) {
 *   if (event.kind === 'epoch') console.log(epochNumber(event.epoch), event.loss);
 * }
 */
export class Trainer<Batch extends TrainingBatch = TrainingBatch> implements AsyncIterable<TrainingEvent> {
  readonly #options: ResolvedTrainerOptions<Batch>;
  readonly #keeper: CheckpointKeeper;
  readonly #rates: RankRates;
  #progress: Progress = initialProgress;
  #saveDue = false;
  #isIterated = false;
  #stepsOfProcess = 0;

  /** @throws ConfigError for options out of range or in conflict */
  constructor(options: TrainerOptions<Batch>) {
    this.#options = resolveTrainerOptions(options);
    this.#keeper = new CheckpointKeeper(this.#options.run, this.#options.checkpoints);
    this.#rates = new RankRates(this.#options.ranks);
  }

  /**
   * Trains to the end, or until `signal` stops the run.
   * @param loggers record every event; closed at the end
   * @returns the last event
   * @throws what the iteration throws
   */
  async run(...loggers: readonly Logger[]): Promise<FinishedEvent | StoppedEvent> {
    let last: TrainingEvent | undefined;
    for await (const event of logEvents(this, ...loggers)) last = event;
    return last as FinishedEvent | StoppedEvent;
  }

  /**
   * Trains. Leaving the loop stops the run without a checkpoint; `signal` saves one.
   * @throws ConfigError if the trainer was iterated before, or if the store holds another run; CheckpointError if
   *   checkpoints cannot be written or read; NonFiniteError and BatchError for a batch that cannot be trained on; and
   *   what the data source, backbone, loss and evaluation throw
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<TrainingEvent, void, undefined> {
    if (this.#isIterated) throw new ConfigError('This Trainer was iterated already. Create a new one.');
    this.#isIterated = true;
    const restored = await this.#keeper.restore();
    const { progress } = restored;
    const { ranks, run } = this.#options;
    if (ranks) await checkSameState(ranks, await captureShared(run));
    // An evaluation that was due when the run stopped comes first, and is saved.
    this.#progress = progress;
    this.#saveDue = this.#evaluationDue;
    const source = this.#options.batches(progress.next);
    const feed = new BatchFeed(source, this.#options.ranks);
    const steps = new StepRunner(this.#options, feed);
    try {
      yield this.#startEvent(restored, source.batchesPerEpoch);
      while (this.#evaluationDue || this.#saveDue || !this.#isOver(this.#progress)) {
        if (await this.#mustStop()) {
          this.#addToEpoch(await steps.read(this.#keeper.last));
          yield* this.#save(false);
          yield { kind: 'stopped', ...this.#position() };
          return;
        }
        if (this.#evaluationDue) yield* this.#evaluate();
        else if (this.#saveDue) yield* this.#save(false);
        else yield* this.#step(steps);
        await yieldToEventLoop();
      }
      yield { kind: 'finished', ...this.#position() };
    } finally {
      steps.dispose();
      await feed.close();
    }
  }

  async *#step(steps: StepRunner<Batch>): AsyncGenerator<TrainingEvent> {
    const { evaluation, checkpoints } = this.#options;
    const begin = performance.now();
    const waitedBefore = this.#rates.waited();
    const completed = await steps.run(
      this.#progress.step,
      this.#keeper.last,
      (position) =>
        position.isLastOfEpoch || this.#isDue(evaluation, position) || this.#isDue(checkpoints, position),
    );
    const { step, epoch, isLastOfEpoch, next, images, ownImages, learningRate, numbers } = completed;
    const timing = hasSynchronousReads() ? completed.timing : null;
    this.#addToEpoch(numbers);
    const { epochImages, epochLoss } = this.#progress;
    this.#progress = {
      ...this.#progress,
      ...(isLastOfEpoch ? { epochImages: 0, epochLoss: 0 } : {}),
      step,
      epoch: isLastOfEpoch ? epoch + 1 : epoch,
      lastEpoch: epoch,
      next,
      evaluationDue: this.#isDue(evaluation, completed),
    };
    this.#saveDue = this.#isDue(checkpoints, completed);
    const threshold = numbers.length > 0 ? await this.#threshold() : null;
    const { loss = null, gradientNorm = null } = numbers.at(-1) ?? {};
    const seconds = (performance.now() - begin) / 1000;
    const position = { step, epoch };
    yield { kind: 'step', ...position, loss, gradientNorm, learningRate, threshold, images, seconds, timing };
    if (this.#mustGatherTimeline())
      yield {
        kind: 'timeline',
        ...position,
        ...(await gatherTimeline(this.#options.ranks!, completed.spans)),
      };
    const rates = await this.#rates.add(ownImages, seconds - (this.#rates.waited() - waitedBefore));
    if (rates) yield { kind: 'ranks', ...position, imagesPerSecond: rates };
    if (!isLastOfEpoch) return;
    yield { kind: 'epoch', ...position, loss: epochLoss / epochImages, threshold, images: epochImages };
  }

  async *#evaluate(): AsyncGenerator<TrainingEvent> {
    const { evaluation, run, signal, ranks } = this.#options;
    const position = this.#position();
    const context = { backbone: run.backbone, loss: run.loss, ...position, signal };
    if (!evaluation) return;
    let result: EvaluationResult | null;
    try {
      let isStopped = false;
      result = await onAllRanks(ranks, async () => {
        const own = await evaluate(evaluation, context, run.average);
        isStopped = own === null;
        return own;
      });
      if (await anyRank(ranks, isStopped)) return;
    } catch (error) {
      // Saves the trained weights; the resumed run evaluates first.
      yield* this.#save(false);
      throw error;
    }
    if (!result) return;
    const { values, reasons, score, seconds } = result;
    const { evaluations } = this.#progress;
    const measure = bestMeasure(evaluation);
    // Scores by another rule, from before an option changed, are not comparable.
    const best = this.#progress.best?.measure === measure ? this.#progress.best : null;
    const isBest = score !== null && Number.isFinite(score) && (best === null || score > best.score);
    this.#progress = {
      ...this.#progress,
      evaluationDue: false,
      evaluations: [...evaluations, { ...position, values }],
      best: isBest ? { ...position, score, measure } : best,
    };
    yield {
      kind: 'evaluation',
      ...position,
      values,
      ...(Object.keys(reasons).length > 0 ? { reasons } : {}),
      isBest: score === null ? null : isBest,
      seconds,
    };
    if (isBest || this.#saveDue) yield* this.#save(isBest);
  }

  async *#save(isBest: boolean): AsyncGenerator<TrainingEvent> {
    const name = await this.#keeper.save(this.#progress, isBest);
    this.#saveDue = false;
    if (name !== null) yield { kind: 'checkpoint', ...this.#position(), name, isBest };
  }

  #startEvent({ progress, ...restored }: RestoredRun, batchesPerEpoch: number | undefined): StartEvent {
    const { epochs, steps, run } = this.#options;
    const { step, epoch } = progress;
    const stepsPerEpoch =
      batchesPerEpoch === undefined ? null : Math.ceil(batchesPerEpoch / run.settings.accumulate);
    const [totalSteps, totalEpochs] = Number.isFinite(steps)
      ? [steps, null]
      : [stepsPerEpoch && stepsPerEpoch * epochs, epochs];
    return { kind: 'start', step, epoch, ...restored, stepsPerEpoch, totalSteps, totalEpochs };
  }

  /** Counts the steps of this process. The first ones are slower, because memory grows. */
  #mustGatherTimeline(): boolean {
    const { ranks, timelineSteps } = this.#options;
    const number = ++this.#stepsOfProcess - stepsWithoutTimeline;
    return ranks !== null && number >= 1 && number <= timelineSteps;
  }

  /** Whether the signal of any rank stops the run. */
  #mustStop(): Promise<boolean> {
    return anyRank(this.#options.ranks, this.#options.signal?.aborted ?? false);
  }

  /** A resumed run may lack the evaluation that was due. */
  get #evaluationDue(): boolean {
    return this.#progress.evaluationDue && this.#options.evaluation !== undefined;
  }

  #position(): RunPosition {
    return { step: this.#progress.step, epoch: this.#progress.lastEpoch };
  }

  #isOver({ step, epoch }: { step: number; epoch: number }): boolean {
    return step >= this.#options.steps || epoch >= this.#options.epochs;
  }

  /** Whether an action is due: at its cadence, and at the end of the run. */
  #isDue(cadence: Cadence | undefined, position: StepPosition): boolean {
    const { step, epoch, isLastOfEpoch } = position;
    const isLast = this.#isOver({ step, epoch: isLastOfEpoch ? epoch + 1 : epoch });
    return cadence !== undefined && (isLast || isDue(cadence, position));
  }

  #addToEpoch(numbers: readonly StepNumbers[]): void {
    for (const { images, lossSum } of numbers) {
      const { epochImages, epochLoss } = this.#progress;
      this.#progress = {
        ...this.#progress,
        epochImages: epochImages + images,
        epochLoss: epochLoss + lossSum,
      };
    }
  }

  async #threshold(): Promise<LearnedThreshold | null> {
    try {
      return await readThreshold(this.#options.run.loss);
    } catch (error) {
      // Several parts of a loss learn a threshold and none is chosen: no reason to end a run.
      if (error instanceof ConfigError) return null;
      throw error;
    }
  }
}
