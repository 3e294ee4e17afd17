import type { Scalar, Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import {
  type BankInputs,
  type BankOptions,
  type ResolvedBankOptions,
  resolveBankOptions,
} from './bank-options.ts';
import type { LossContext, LossStep } from './contract.ts';
import { cosineBankLossWithRows } from './cosine-bank-loss.ts';
import { normalValues, uniformValues } from './initial-values.ts';
import { type BankLossOptions, type Hold, makeStep, StatefulLoss } from './stateful-loss.ts';

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

  /**
   * @param name the class name
   * @param options the options of the caller, without defaults; `getConfig` returns them
   * @param bankOptions criterion, margins and scale: what distinguishes this loss from others
   * @param initialBias returns the initial bias, `[1]` or `[numClasses]`; null for a loss without a bias
   * @throws ConfigError for an option out of range, before it creates a variable
   */
  protected constructor(
    name: string,
    options: BankLossOptions,
    bankOptions: BankOptions,
    initialBias: (() => Tensor1D) | null,
  ) {
    super(name, options);
    const { numClasses, embeddingSize, seed = 0, blockSize } = options;
    this.bankOptions = resolveBankOptions({ ...bankOptions, blockSize });
    const spread = 1 / Math.sqrt(embeddingSize);
    const initial = bankOptions.similarity === 'dot' ? uniformValues : normalValues;
    const rows = numClasses * this.bankOptions.centers;
    this.weight = this.addTrainable('weight', initial([rows, embeddingSize], spread, seed));
    this.bias = initialBias && this.addTrainable('bias', initialBias());
  }

  forward(embeddings: Tensor2D, labels: Tensor1D | Tensor2D, context?: LossContext): LossStep {
    this.checkBatch(embeddings, labels, context);
    return makeStep((hold) => this.score(embeddings, labels, hold));
  }

  /** Returns what the logits subtract: the bias. A loss that adds its bias negates it here. */
  protected subtractedBias(): Tensor1D | undefined {
    return (this.bias as Tensor1D | null) ?? undefined;
  }

  /**
   * Returns the mean loss of a checked batch, and the losses of its samples.
   * @param hold keeps the losses of the samples until the step ends
   * @param extra more inputs, such as `classes` or `rowMargins` (see `BankInputs`); `options`: replace `this.bankOptions`
   */
  protected score(
    embeddings: Tensor2D,
    labels: Tensor1D | Tensor2D,
    hold: Hold,
    extra: Omit<BankInputs, 'embeddings' | 'labels' | 'bank' | 'bias'> & {
      readonly options?: BankOptions;
    } = {},
  ): { loss: Scalar; rowLosses: Tensor1D } {
    const { options = this.bankOptions, ...more } = extra;
    const bias = this.subtractedBias();
    const { loss, rowLosses } = cosineBankLossWithRows(
      { ...more, embeddings, labels, bank: this.weight as Tensor2D, bias },
      options,
    );
    return { loss, rowLosses: hold(rowLosses) };
  }
}
