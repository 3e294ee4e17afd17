import {
  add,
  type NamedTensorMap,
  type Scalar,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  type Variable,
} from '@tensorflow/tfjs-core';
import type { BankInputs, BankOptions, ResolvedBankOptions } from './bank-options.ts';
import { checkSampledClasses } from './check-sampled-classes.ts';
import { shardOf, shardOperations, takeRows } from './class-shard.ts';
import type { LossContext, LossStep, StateStep } from './contract.ts';
import { cosineBankLossWithRows } from './cosine-bank-loss.ts';
import { deriveStepSeed } from './derive-seed.ts';
import { ConfigError, checkNumber } from './errors.ts';
import { filterNegatives } from './filter-negatives.ts';
import { normalValues, uniformValues } from './initial-values.ts';
import { resolveBankOptions } from './resolve-bank-options.ts';
import { sampleClassShare } from './sample-classes.ts';
import { checkSecondBank, halfOptions, secondInputs } from './second-bank.ts';
import { type BankLossOptions, type Hold, makeStateStep, makeStep, StatefulLoss } from './stateful-loss.ts';
import { stopGradient, weightedSum } from './tape.ts';

/** Options that every loss over class weights shares. */
export interface ClassWeightsLossOptions extends BankLossOptions {
  /**
   * r in `(0, 1]`: share of the classes that a batch uses; default 1, all of them. Below 1, a batch is scored against
   * `⌊r · numClasses⌋` classes: all classes of its labels, and random others. That cuts time and memory of the loss to about r. It
   * is `sample_rate` of Partial FC (An et al. 2022, arXiv 2203.15565; arcface_torch).
   */
  readonly negativeSampleRate?: number;
  /**
   * Cosine in `[0, 1]` above which the similarity of another class counts as 0, without a gradient; default 0, off. For data in which
   * one person has several classes. It is `interclass_filtering_threshold` of arcface_torch.
   */
  readonly interclassFilteringThreshold?: number;
}

/** What a batch adds to batch, weights and bias: more inputs of the operation, such as `rowMargins` (see `BankInputs`). */
export interface BatchInputs extends Omit<BankInputs, 'embeddings' | 'labels' | 'bank' | 'bias'> {
  /** Replace `this.bankOptions`. */
  readonly options?: BankOptions | undefined;
  /** The context of `forward`. */
  readonly context?: LossContext | undefined;
}

/**
 * Base class of losses whose bank is the class weights. The optimizer changes `weight`, and `bias` if there is one.
 *
 * Initial weights are those of the papers' code: normal with variance `1 / embeddingSize` for cosines, uniform in
 * `±1 / √embeddingSize` for raw products.
 */
export abstract class ClassWeightsLoss extends StatefulLoss {
  /** `[numClasses, embeddingSize]`, not normalised; with K centers `[numClasses · K, embeddingSize]`. */
  readonly weight: Variable;
  /** `[1]` (unified) or `[numClasses]`; null for a loss without a bias. */
  readonly bias: Variable | null;
  protected readonly bankOptions: ResolvedBankOptions;
  /** r: the share of the classes that a batch uses. */
  protected readonly negativeSampleRate: number;
  /** `[1]` int32: number of batches sampled so far; null without sampling. A resumed run draws the same classes. */
  private readonly samplingStep: Variable | null;
  /** Copy of `samplingStep`, so that no step reads it from the device. */
  private batches = 0;
  private readonly seed: number;

  /**
   * @param name the class name
   * @param options the options of the caller, without defaults; `getConfig` returns them
   * @param bankOptions criterion, margins and scale: what distinguishes this loss from others
   * @param initialBias returns the initial bias, `[1]` or `[numClasses]`; null for a loss without a bias
   * @throws ConfigError for an option out of range, before it creates a variable
   */
  protected constructor(
    name: string,
    options: ClassWeightsLossOptions,
    bankOptions: BankOptions,
    initialBias: (() => Tensor1D) | null,
  ) {
    super(name, options);
    const { embeddingSize, seed = 0, blockSize, negativeSampleRate: rate = 1 } = options;
    checkNumber(`${name}: negativeSampleRate`, rate, { minimum: Number.MIN_VALUE, maximum: 1 });
    this.bankOptions = resolveBankOptions({
      ...filterNegatives(bankOptions, options.interclassFilteringThreshold),
      blockSize,
    });
    const spread = 1 / Math.sqrt(embeddingSize);
    const initial = bankOptions.similarity === 'dot' ? uniformValues : normalValues;
    this.weight = this.addTrainable(
      'weight',
      (rows) => initial([rows.total, embeddingSize], spread, seed, rows),
      this.bankOptions.centers,
    );
    const bias = initialBias?.();
    this.bias = bias
      ? this.addTrainable('bias', bias.shape[0] === 1 ? bias : (rows) => takeRows(bias, rows))
      : null;
    this.negativeSampleRate = rate;
    this.seed = seed;
    this.samplingStep = rate < 1 ? this.addMemory('samplingStep', tensor1d([0], 'int32')) : null;
  }

  /**
   * Returns what a batch adds to the operation. A loss without additions lacks this method; a loss with it accepts hard labels only.
   * @param embeddings `[batch, embeddingSize]`, checked
   * @param labels `[batch]`, checked
   * @param hold keeps tensors for the change of state after the batch, which `hold.onCommit` adds to the step
   */
  protected batchInputs?(embeddings: Tensor2D, labels: Tensor1D, hold: Hold): BatchInputs;

  forward(embeddings: Tensor2D, labels: Tensor1D | Tensor2D, context?: LossContext): LossStep {
    if (this.batchInputs) return this.forwardWith(embeddings, labels, context, embeddings);
    if (this.samplingStep) this.checkHardBatch(embeddings, labels, context);
    else this.checkBatch(embeddings, labels, context);
    return makeStep((hold) => this.score(embeddings, labels, hold, { context }));
  }

  /** Returns the change of state that `batchInputs` makes after a batch; none for a loss without it. */
  observe(embeddings: Tensor2D, labels: Tensor1D, context?: LossContext): StateStep {
    if (this.batchInputs) this.checkHardBatch(embeddings, labels, context);
    else this.checkBatch(embeddings, labels, context);
    return makeStateStep((hold) => {
      this.batchInputs?.(embeddings, labels, hold);
      return () => {};
    });
  }

  /**
   * Checks a batch, and `context.sampledClasses`.
   * @throws DataError for classes out of range, too, and the errors of `StatefulLoss`
   */
  protected override checkBatch(
    embeddings: Tensor2D,
    labels: Tensor1D | Tensor2D,
    context: LossContext | undefined,
  ): void {
    super.checkBatch(embeddings, labels, context);
    if (context?.sampledClasses && shardOf(this.weight)) {
      throw new ConfigError(
        `${this.name}: sampledClasses names classes of the whole loss, but this is one shard of it: set negativeSampleRate instead.`,
      );
    }
    checkSampledClasses(labels, this.numClasses, context);
  }

  /** Returns the step of a batch whose `batchInputs` follow from other embeddings of its samples, `source`. */
  protected forwardWith(
    embeddings: Tensor2D,
    labels: Tensor1D | Tensor2D,
    context: LossContext | undefined,
    source: Tensor2D,
  ): LossStep {
    const hard = this.checkHardBatch(embeddings, labels, context);
    return makeStep((hold) => {
      const inputs = this.batchInputs?.(source, hard, hold);
      return this.score(embeddings, hard, hold, { context, ...inputs });
    });
  }

  override setState(state: NamedTensorMap): void {
    super.setState(state);
    if (this.samplingStep) this.batches = (state.samplingStep as Tensor1D).dataSync()[0] as number;
  }

  /**
   * Checks that this loss can score a second bank (`LossContext.secondBank`).
   * @throws ConfigError with the reason if it cannot
   */
  checkSecondBank(): void {
    checkSecondBank(
      this.name,
      this.bankOptions,
      this.memory.some(({ rank }) => rank === 2),
    );
  }

  /** Returns what the logits subtract: the bias. A loss that adds its bias negates it here. */
  protected subtractedBias(): Tensor1D | undefined {
    return (this.bias as Tensor1D | null) ?? undefined;
  }

  /**
   * Returns the mean loss of a checked batch, and the losses of its samples.
   * @param hold keeps the losses of the samples until the step ends, and counts a sampled batch when the step is committed
   * @param extra more inputs, such as `rowMargins` (see `BankInputs`); `context` of `forward`; `options` to replace
   *   `this.bankOptions`; `classes` to replace those that `sampleNegatives` draws
   */
  protected score(
    embeddings: Tensor2D,
    labels: Tensor1D | Tensor2D,
    hold: Hold,
    { context, ...extra }: BatchInputs = {},
  ): { loss: Scalar; rowLosses: Tensor1D } {
    const sampled = extra.classes ? {} : this.sampleNegatives(labels as Tensor1D, hold, context);
    const { options = this.bankOptions, ...more } = { ...sampled, ...extra };
    const inputs = { ...more, embeddings, labels, bias: this.subtractedBias() };
    const scoreBank = (given: Omit<BankInputs, 'bank'>, bank: Tensor2D, bankOptions: BankOptions) => {
      const { loss, rowLosses } = cosineBankLossWithRows({ ...given, bank }, bankOptions, context?.updates);
      return { loss, rowLosses: hold(rowLosses) };
    };
    const weight = this.weight as Tensor2D;
    const secondBank = context?.secondBank;
    if (!secondBank) return scoreBank(inputs, weight, options);
    this.checkSecondBank();
    const half = halfOptions(options, secondBank);
    const first = scoreBank(inputs, weight, half.weights);
    const second = secondBank.use((bank) => scoreBank(secondInputs(inputs, secondBank), bank, half.second));
    return {
      loss: weightedSum([first.loss, second.loss], [1, 1]),
      rowLosses: stopGradient<Tensor1D>(() => add(first.rowLosses, second.rowLosses)),
    };
  }

  /**
   * Returns what restricts a step to some negatives: the classes of the context, else those that the sample rate draws, else nothing.
   * Counts a sampled batch when the step is committed.
   */
  protected sampleNegatives(
    labels: Tensor1D,
    hold: Hold,
    context: LossContext | undefined,
  ): Pick<BatchInputs, 'classes' | 'options'> {
    const { samplingStep } = this;
    if (samplingStep) {
      hold.onCommit(() => {
        this.batches++;
        samplingStep.assign(tensor1d([this.batches], 'int32'));
      });
    }
    const classes = context?.sampledClasses;
    if (classes) return { classes };
    return samplingStep ? this.drawNegatives(labels, deriveStepSeed(this.seed, this.batches)) : {};
  }

  /** Draws the negatives of a batch: whole classes, as Partial FC does. A loss that draws otherwise overrides it. */
  protected drawNegatives(labels: Tensor1D, seed: number): Pick<BatchInputs, 'classes' | 'options'> {
    const { numClasses, negativeSampleRate: rate } = this;
    const shards = shardOperations(this.weight);
    if (shards) return { classes: shards.sampleClasses(this.weight, rate, seed) };
    return { classes: sampleClassShare(labels, { numClasses, rate, seed }) };
  }
}
