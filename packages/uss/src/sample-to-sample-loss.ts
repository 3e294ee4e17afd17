import {
  assignRows,
  type BankLossOptions,
  bankLossOptions,
  type Criterion,
  cosineMargin,
  cosineMarginOption,
  type Hold,
  type LossContext,
  type LossStep,
  logitClipOption,
  makeStateStep,
  makeStep,
  memoryBankLoss,
  type OptionDescriptors,
  type ResolvedBankOptions,
  type RowRange,
  resolveBankOptions,
  resolveLossOptions,
  StatefulLoss,
  type StateStep,
  scaleOption,
  stopGradient,
} from '@openset/core';
import {
  clone,
  fill,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  type Variable,
  zeros,
} from '@tensorflow/tfjs-core';
import { dataDrivenOffset, withOffset } from './data-driven-bias.ts';

/** Options of the sample-to-sample losses with a bias. */
export interface SampleToSampleOptions extends BankLossOptions {
  /** γ or s, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m, at least 0, subtracted from the cosine with the stored sample of the target class; default 0.1. */
  readonly margin?: number;
  /**
   * Initial value of the bias: a number, or `'data'` (default, official code). With `'data'`, each batch computes
   * `mean_i log Σ_{j≠y_i} exp(γ g_ij)` while the mean of the bias is not above 0. A unified bias is set to this value;
   * biases per class are raised by it.
   */
  readonly biasInit?: 'data' | number;
  /** Clips the BCE logits to ± this value, without a gradient outside; default: no clipping. The official code clips at ± scale. */
  readonly logitClip?: number;
}

const similarityOptions = {
  scale: { ...scaleOption, symbol: 'γ' },
  margin: { ...cosineMarginOption, default: 0.1 },
} as const satisfies OptionDescriptors;

/** Descriptors of the options that all sample-to-sample losses share. */
export const sampleToSampleOptions = { ...similarityOptions, ...bankLossOptions };

/** Descriptors of the options of the sample-to-sample losses with a bias. */
export const biasedSampleOptions = {
  ...similarityOptions,
  biasInit: {
    type: 'number',
    words: ['data'],
    default: 'data',
    symbol: 'b',
    description:
      'initial value of the bias; `data`: the mean over the first batch of `log Σ exp` of the negative logits',
  },
  logitClip: logitClipOption,
  ...bankLossOptions,
} as const satisfies OptionDescriptors;

/**
 * Base class of the sample-to-sample losses of UniTSFace (arXiv 2311.02523). The bank is a memory with the latest embedding
 * of each class. It gets no gradient.
 *
 * `commit` writes the memory after the loss, so a batch is compared with earlier batches, never with itself. The memory
 * starts empty: a class without a sample is not a negative, and the first sample of a class is not scored. (The official
 * code starts with uninitialised storage.)
 */
export abstract class SampleToSampleLoss extends StatefulLoss {
  /** `[numClasses, embeddingSize]`: the latest embedding of each class, not normalised; a row of zeros is empty. */
  readonly featureMemory: Variable;
  /** `[1]` or `[numClasses]`; null for softmax. */
  readonly bias: Variable | null;
  protected readonly bankOptions: ResolvedBankOptions;
  protected readonly biasFromData: boolean;

  /**
   * @param criterion `bceCriterion`, or `softmaxCriterion` without a bias
   * @param biasSize number of biases: 1, `numClasses`, or null for none
   * @throws ConfigError for an option that is missing, unknown or out of range
   */
  protected constructor(
    descriptor: { readonly name: string; readonly options: typeof sampleToSampleOptions },
    options: SampleToSampleOptions,
    criterion: Criterion,
    biasSize: number | null,
  ) {
    const resolved = resolveLossOptions(descriptor, options);
    super(descriptor.name, options);
    const { embeddingSize, scale, margin, biasInit = 'data', logitClip, blockSize } = resolved;
    this.bankOptions = resolveBankOptions({
      criterion,
      scale,
      margins: margin === 0 ? [] : [cosineMargin(margin)],
      emptyRows: 'skip',
      bankGradient: false,
      logitClip,
      blockSize,
    });
    this.biasFromData = biasInit === 'data';
    const start = biasInit === 'data' ? 0 : biasInit;
    const ofClasses = ({ count }: RowRange) => fill([count], start) as Tensor1D;
    this.bias =
      biasSize === null ? null : this.addTrainable('bias', biasSize === 1 ? tensor1d([start]) : ofClasses);
    this.featureMemory = this.addMemory('featureMemory', ({ count }) => zeros([count, embeddingSize]));
  }

  forward(embeddings: Tensor2D, labels: Tensor1D | Tensor2D, context?: LossContext): LossStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    return makeStep((hold) => {
      const writeMemory = this.memoryWriter(embeddings, checked, hold);
      const bank = this.featureMemory as Tensor2D;
      const variable = this.bias as Tensor1D | null;
      const inputs = { embeddings, labels: checked, bank };
      const offset =
        variable && this.biasFromData ? dataDrivenOffset(variable, inputs, this.bankOptions, hold) : null;
      const bias = variable && offset ? withOffset(variable, offset) : (variable ?? undefined);
      return {
        ...memoryBankLoss({ ...inputs, bias }, this.bankOptions),
        commit: () => {
          // Add, do not set: the optimizer has meanwhile moved the bias, by its gradient at the started value.
          if (offset) this.bias?.assign(withOffset(variable as Tensor1D, offset));
          writeMemory();
        },
      };
    });
  }

  /** Returns a step that only writes the batch to the memory, for the epochs before this loss starts. */
  observe(embeddings: Tensor2D, labels: Tensor1D, context?: LossContext): StateStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    return makeStateStep((hold) => this.memoryWriter(embeddings, checked, hold));
  }

  /**
   * Writes embeddings to the memory immediately. If a class occurs more than once, its last row stays. Use it to fill the
   * memory with chosen samples: the paper draws a random sample of each class, the official code keeps the latest.
   *
   * @param embeddings `[count, embeddingSize]`
   * @param labels `[count]` int32
   */
  remember(embeddings: Tensor2D, labels: Tensor1D): void {
    assignRows(this.featureMemory, labels, embeddings);
  }

  /** Returns the function that writes the batch to the memory. The tape may dispose of embeddings and labels before. */
  private memoryWriter(embeddings: Tensor2D, labels: Tensor1D, hold: Hold): () => void {
    const kept = stopGradient(() => hold(clone(embeddings)));
    const keptLabels = stopGradient(() => hold(clone(labels)));
    return () => this.remember(kept, keptLabels);
  }
}
