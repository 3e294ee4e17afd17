import {
  assignRows,
  type BankLossOptions,
  bankLossOptions,
  cosineBankLoss,
  cosineMarginOption,
  type Hold,
  type LossContext,
  type LossStep,
  logitClipOption,
  makeStateStep,
  makeStep,
  type OptionDescriptors,
  type ResolvedBankOptions,
  resolveBankOptions,
  resolveLossOptions,
  StatefulLoss,
  type StateStep,
  scaleOption,
  stopGradient,
} from '@openset/core';
import { clone, type Tensor1D, type Tensor2D, tensor1d, type Variable, zeros } from '@tensorflow/tfjs-core';
import { dataDrivenOffset, withOffset } from './data-driven-bias.ts';

/** Options of the sample-to-sample losses. */
export interface SampleToSampleOptions extends BankLossOptions {
  /** γ or s; default 64. */
  readonly scale?: number;
  /** m, subtracted from the similarity with the own class's sample; default 0.1. */
  readonly margin?: number;
  /**
   * Where the bias starts (losses with a bias). `'data'` (default, official code): while its mean is not above 0,
   * `mean_i log Σ_{j≠y_i} exp(γ g_ij)` of the batch is taken or added. A number: it starts there.
   */
  readonly biasInit?: 'data' | number;
  /** Clips the BCE logits to ± this, with no gradient outside; the official code clips at ± scale. Default none. */
  readonly logitClip?: number;
}

const similarityOptions = {
  scale: { ...scaleOption, symbol: 'γ' },
  margin: { ...cosineMarginOption, default: 0.1 },
} as const satisfies OptionDescriptors;

/** The descriptors of the options that all sample-to-sample losses have. */
export const sampleToSampleOptions = { ...similarityOptions, ...bankLossOptions };

/** The descriptors of the options of those with a bias. */
export const biasedSampleOptions = {
  ...similarityOptions,
  biasInit: {
    type: 'number',
    words: ['data'],
    default: 'data',
    symbol: 'b',
    description:
      'initial value of the bias; `data`: the mean over the first batch of `log Σ exp` of its negatives',
  },
  logitClip: logitClipOption,
  ...bankLossOptions,
} as const satisfies OptionDescriptors;

/**
 * What the sample-to-sample losses of UniTSFace share: the bank is a memory of samples, the latest embedding of each
 * class, constant for the gradient.
 *
 * The memory is written by `commit`, after the loss: a batch is compared with earlier ones, never with itself. It
 * starts empty (zeros, where the official code has uninitialised storage): a class without a sample yet is no
 * negative, and the first sample of a class is not scored.
 */
export abstract class SampleToSampleLoss extends StatefulLoss {
  /** `[numClasses, embeddingSize]`: the latest embedding of each class, raw; a row of zeros is empty. */
  readonly featureMemory: Variable;
  /** `[1]`, `[numClasses]`, or null for softmax. */
  readonly bias: Variable | null;
  protected readonly bankOptions: ResolvedBankOptions;
  protected readonly biasFromData: boolean;

  protected constructor(
    descriptor: { readonly name: string; readonly options: typeof sampleToSampleOptions },
    options: SampleToSampleOptions,
    biasSize: number | null,
  ) {
    const resolved = resolveLossOptions(descriptor, options);
    super(descriptor.name, options);
    const { numClasses, embeddingSize, scale, margin, biasInit = 'data', logitClip, blockSize } = resolved;
    this.bankOptions = resolveBankOptions({
      criterion: biasSize === null ? 'softmax' : 'bce',
      scale,
      margins: margin === 0 ? [] : [{ kind: 'cosine', margin }],
      emptyRows: 'skip',
      bankGradient: false,
      logitClip,
      blockSize,
    });
    this.biasFromData = biasInit === 'data';
    const start = biasInit === 'data' ? 0 : biasInit;
    this.bias =
      biasSize === null ? null : this.addTrainable('bias', tensor1d(new Float32Array(biasSize).fill(start)));
    this.featureMemory = this.addMemory('featureMemory', zeros([numClasses, embeddingSize]));
  }

  forward(embeddings: Tensor2D, labels: Tensor1D | Tensor2D, context?: LossContext): LossStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    return makeStep((hold) => {
      const write = this.writer(embeddings, checked, hold);
      const bank = this.featureMemory as Tensor2D;
      const variable = this.bias as Tensor1D | null;
      const inputs = { embeddings, labels: checked, bank };
      const offset =
        variable && this.biasFromData ? dataDrivenOffset(variable, inputs, this.bankOptions, hold) : null;
      const bias = variable && offset ? withOffset(variable, offset) : (variable ?? undefined);
      return {
        loss: cosineBankLoss({ ...inputs, bias }, this.bankOptions),
        commit: () => {
          // Added, not set: the optimizer has moved the bias by its gradient at the started value meanwhile.
          if (offset) this.bias?.assign(withOffset(variable as Tensor1D, offset));
          write();
        },
      };
    });
  }

  /** The memory takes the batch in, without a loss: for the epochs before this loss starts. */
  observe(embeddings: Tensor2D, labels: Tensor1D, context?: LossContext): StateStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    return makeStateStep((hold) => this.writer(embeddings, checked, hold));
  }

  /**
   * Writes embeddings into the memory at once; of several of one class the last one stays. To fill the memory with
   * samples of one's own choice: the paper draws a random sample of each class, the official code keeps the latest.
   */
  remember(embeddings: Tensor2D, labels: Tensor1D): void {
    assignRows(this.featureMemory, labels, embeddings);
  }

  /** What `commit` does to the memory. Labels are held too: those made inside of a gradient function go when it ends. */
  private writer(embeddings: Tensor2D, labels: Tensor1D, hold: Hold): () => void {
    const kept = stopGradient(() => hold(clone(embeddings)));
    const keptLabels = stopGradient(() => hold(clone(labels)));
    return () => this.remember(kept, keptLabels);
  }
}
