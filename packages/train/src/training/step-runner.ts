import {
  checkNumber,
  DataError,
  hasSynchronousReads,
  type LossGradients,
  type LossGradientsOptions,
  lossGradients,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { trainedVariables } from '../checkpoints/run-state.ts';
import type { TrainingOptimizer } from '../optimizers/training-optimizer.ts';
import { NetworkSum } from '../parallel/network-sum.ts';
import { parallelGradients } from '../parallel/parallel-gradients.ts';
import type { TimedPart } from '../parallel/step-timeline.ts';
import type { BatchFeed, FedBatch } from './batch-feed.ts';
import type { BatchPosition, BatchTensors, TrainingBatch } from './batch-source.ts';
import type { StepPosition } from './cadence.ts';
import { clipFactor } from './clip-factor.ts';
import { dropoutSeed } from './dropout-seed.ts';
import { BatchError, type FailureDetails, NonFiniteError } from './errors.ts';
import { GradientSum } from './gradient-sum.ts';
import { checkNorm, LossReadings, type StepNumbers, type StepPart } from './loss-readings.ts';
import { StepClock, type StepTiming } from './step-clock.ts';
import type { ResolvedTrainerOptions } from './trainer-options.ts';

/** A completed optimizer step. */
export interface CompletedStep extends StepPosition {
  readonly next: BatchPosition;
  readonly images: number;
  /** Those of this rank. */
  readonly ownImages: number;
  readonly learningRate: number;
  /** Readings of this step and of earlier unread ones; empty if nothing was read. */
  readonly numbers: readonly StepNumbers[];
  readonly timing: StepTiming;
  /** When its parts ran. */
  readonly spans: readonly TimedPart[];
}

/** Runs optimizer steps: reads batches and updates the weights. */
export class StepRunner<Batch extends TrainingBatch> {
  readonly #options: ResolvedTrainerOptions<Batch>;
  readonly #feed: BatchFeed<Batch>;
  readonly #readings = new LossReadings();
  readonly #variables: tf.Variable[];

  constructor(options: ResolvedTrainerOptions<Batch>, feed: BatchFeed<Batch>) {
    this.#options = options;
    this.#feed = feed;
    this.#variables = trainedVariables(options.run);
  }

  /**
   * Runs one step.
   * @param stepsDone number of steps before this one
   * @param mustRead says whether the loss of this step must be read, regardless of `readEvery`
   * @throws NonFiniteError, BatchError before the weights change; class weights may have changed with their loss if the gradients of
   *   the network are not finite (docs/algebra.md, "Loss and update in one")
   */
  async run(
    stepsDone: number,
    lastCheckpoint: string | null,
    mustRead: (position: StepPosition) => boolean,
  ): Promise<CompletedStep> {
    const { readEvery, ranks } = this.#options;
    const step = stepsDone + 1;
    const sum = new GradientSum();
    const clock = new StepClock();
    try {
      const accumulated = await this.#accumulate(step, sum, clock, lastCheckpoint);
      const { last, parts, images, shares, learningRate, network } = accumulated;
      const position = { step, epoch: last.batch.epoch, isLastOfEpoch: last.isLastOfEpoch };
      if (network && ranks) {
        await network.finish(shares[ranks.rank]! / images);
        clock.endPhase('exchange');
      }
      const normOfSum = await this.#norm(sum);
      const gradientNorm = tf.tidy(() => tf.div(normOfSum, parts.length) as tf.Scalar);
      normOfSum.dispose();
      this.#readings.add({ ...position, parts, gradientNorm });
      const reads = step % readEvery === 0 || mustRead(position);
      const numbers = reads ? [...(await this.#readings.read(lastCheckpoint))] : [];
      const isUpdated = this.#apply(sum, parts.length, numbers.at(-1)?.gradientNorm ?? gradientNorm);
      if (isUpdated) {
        const norm = await this.#norm(sum);
        const details = { step, epoch: last.batch.epoch, indices: [], lastCheckpoint };
        if (reads) await replaceNorm(numbers, norm, details);
        else this.#readings.replaceNorm(norm);
      }
      clock.endPhase('update');
      const buckets = network?.spans.map((span) => ({ ...span, part: 'bucket' as const })) ?? [];
      const measured = { timing: clock.timing(), spans: [...clock.spans, ...buckets] };
      const ownImages = shares[ranks?.rank ?? 0]!;
      return { ...position, next: last.next, images, ownImages, learningRate, numbers, ...measured };
    } catch (error) {
      // The cause may be an earlier step that has not been read.
      if (error instanceof BatchError) await this.#readings.read(lastCheckpoint);
      throw error;
    } finally {
      sum.dispose();
    }
  }

  /** Reads the steps that have not been read. @throws NonFiniteError */
  async read(lastCheckpoint: string | null): Promise<readonly StepNumbers[]> {
    return this.#readings.read(lastCheckpoint);
  }

  dispose(): void {
    this.#readings.dispose();
  }

  /** Sums the gradients of the micro-batches of a step; the end of an epoch ends the step. */
  async #accumulate(step: number, sum: GradientSum, clock: StepClock, lastCheckpoint: string | null) {
    const { ranks, run } = this.#options;
    const { accumulate, seed } = run.settings;
    const { rank, size } = ranks ?? { rank: 0, size: 1 };
    const parts: StepPart[] = [];
    /** Rows of each rank. */
    const shares = new Array<number>(size).fill(0);
    let network: NetworkSum | null = null;
    try {
      for (;;) {
        const last = await this.#feed.next();
        const { epoch } = last.batch;
        const details = { step, epoch, indices: last.indices, lastCheckpoint };
        // Before the gradients, because class weights may be updated together with their loss.
        const learningRate = this.#setLearningRate(step, epoch);
        const pass = (step - 1) * accumulate + parts.length;
        const passSeed = dropoutSeed(seed, pass * size + rank);
        const isLast = parts.length + 1 === accumulate || last.isLastOfEpoch;
        if (isLast && ranks && run.backbone.trainable.length > 0)
          network = new NetworkSum(ranks, run.backbone, sum);
        const loss = await this.#addBatch(last, passSeed, network, sum, clock, details);
        last.shares.forEach((rows, index) => {
          shares[index]! += rows;
        });
        parts.push({ loss, images: addUp(last.shares), indices: details.indices });
        if (isLast) return { last, parts, shares, images: addUp(shares), learningRate, network };
      }
    } catch (error) {
      tf.dispose(parts.map(({ loss }) => loss));
      throw error;
    }
  }

  /** Returns the norm of all gradients together. */
  async #norm(sum: GradientSum): Promise<tf.Scalar> {
    const { ranks } = this.#options;
    return ranks ? sum.normOverRanks(ranks, this.#variables) : sum.norm();
  }

  /** Sets the learning rate of a step, and returns it. */
  #setLearningRate(step: number, epoch: number): number {
    const learningRate = this.#options.schedule({ step: step - 1, epoch });
    checkNumber('Trainer: the learning rate of the schedule', learningRate, { minimum: 0 });
    this.#options.run.optimizer.learningRate = learningRate;
    return learningRate;
  }

  /** The optimizer, if it may update class weights without their whole gradient. */
  get #blockOptimizer(): TrainingOptimizer | undefined {
    const { optimizer, settings } = this.#options.run;
    return settings.clipNorm === null && settings.accumulate === 1 ? optimizer : undefined;
  }

  /**
   * Adds the gradients of one micro-batch to the sum, and commits the loss. Returns the value of the loss.
   * @param network sends the gradients of the network to other ranks; null if they stay here
   */
  async #addBatch(
    fed: FedBatch<Batch>,
    seed: number,
    network: NetworkSum | null,
    sum: GradientSum,
    clock: StepClock,
    details: FailureDetails,
  ): Promise<tf.Scalar> {
    const { toTensors, ranks, sumStatistics, run } = this.#options;
    const { backbone, loss } = run;
    let tensors: BatchTensors | undefined;
    try {
      tensors = toTensors(fed.batch);
      clock.endPhase('data');
      const afterEmbedding = (embeddings: tf.Tensor2D) => {
        checkEmbeddings(embeddings, details);
        clock.endPhase(ranks ? 'exchange' : 'forward');
      };
      const options = {
        context: { epoch: details.epoch },
        afterForward: () => clock.endPhase('loss'),
        blockOptimizer: this.#blockOptimizer,
      };
      const { shares } = fed;
      const gradients = ranks
        ? await parallelGradients({
            ...{ ranks, backbone, loss, tensors, shares, seed, sumStatistics, afterEmbedding, options },
            afterOwnForward: () => clock.endPhase('forward'),
            addGradient: async (variable, gradient) => (network ?? sum).addOne(variable, gradient),
          })
        : this.#gradients(tensors, seed, afterEmbedding, options);
      clock.endPhase('backward');
      const value = collect(gradients, sum);
      clock.endPhase('update');
      return value;
    } catch (error) {
      if (error instanceof DataError) throw new BatchError(error.message, details, { cause: error });
      throw error;
    } finally {
      if (tensors) tf.dispose([tensors.images, tensors.labels]);
      this.#feed.recycle(fed.batch);
    }
  }

  /** Returns the gradients of a batch that this process alone computes. */
  #gradients(
    { images, labels }: BatchTensors,
    seed: number,
    afterEmbedding: (embeddings: tf.Tensor2D) => void,
    options: LossGradientsOptions,
  ): LossGradients {
    const { backbone, loss } = this.#options.run;
    const isTrained = backbone.trainable.length > 0;
    const embed = () => {
      const embeddings = backbone.forward(images, { training: isTrained, seed });
      afterEmbedding(embeddings);
      return embeddings;
    };
    // Outside the gradient tape, which would keep every intermediate result of a frozen backbone.
    const frozen = isTrained ? null : tf.tidy(embed);
    try {
      return lossGradients(loss, () => frozen ?? embed(), labels, { ...options, variables: this.#variables });
    } finally {
      frozen?.dispose();
    }
  }

  /** Updates the weights with the mean of the gradients. Returns whether class weights were updated without their whole gradient. */
  #apply(sum: GradientSum, count: number, norm: number | tf.Scalar): boolean {
    const { run } = this.#options;
    const { clipNorm } = run.settings;
    const factor = tf.tidy(() => {
      if (clipNorm === null) return 1 / count;
      const clip = clipFactor(norm, clipNorm);
      return typeof clip === 'number' ? clip / count : (tf.div(clip, count) as tf.Scalar);
    });
    // First, because they still read other variables of the loss.
    const isUpdated = sum.applyUpdates(run.optimizer);
    const gradients = sum.take(factor);
    run.optimizer.applyGradients(gradients);
    tf.dispose(gradients);
    if (typeof factor !== 'number') factor.dispose();
    tf.tidy(() => run.backbone.afterStep?.());
    run.average?.update(this.#variables);
    return isUpdated;
  }
}

function addUp(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Replaces the norm of the last step by that of all gradients. Disposes of `norm`. @throws NonFiniteError */
async function replaceNorm(numbers: StepNumbers[], norm: tf.Scalar, details: FailureDetails): Promise<void> {
  const [gradientNorm] = await norm.data<'float32'>();
  norm.dispose();
  checkNorm(gradientNorm as number, details);
  const last = numbers.pop() as StepNumbers;
  numbers.push({ ...last, gradientNorm: gradientNorm as number });
}

/** Checks that the embeddings are finite, where reads are cheap. Elsewhere, a non-finite loss reveals it later. */
function checkEmbeddings(embeddings: tf.Tensor2D, details: FailureDetails): void {
  if (!hasSynchronousReads()) return;
  const bad = embeddings.dataSync<'float32'>().find((value) => !Number.isFinite(value));
  if (bad === undefined) return;
  throw new NonFiniteError(
    `the embeddings contain ${bad}. Lower the learning rate, or check these samples.`,
    details,
  );
}

/** Moves the gradients to the sum and commits the loss, or lets it follow the updates. Returns the value of the loss. */
function collect({ value, gradients, updates, step }: LossGradients, sum: GradientSum): tf.Scalar {
  if (updates.length > 0) {
    sum.add(gradients);
    sum.addUpdates(updates, step);
    return value;
  }
  try {
    sum.add(gradients);
    step.commit();
    return value;
  } catch (error) {
    tf.dispose([value, ...gradients.values()]);
    throw error;
  } finally {
    step.dispose();
  }
}
