import type { Scalar, Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import {
  type BankInputs,
  type BankOptions,
  type ResolvedBankOptions,
  resolveBankOptions,
} from './bank-options.ts';
import type { LossContext, LossStep } from './contract.ts';
import { cosineBankLoss } from './cosine-bank-loss.ts';
import { normalValues, uniformValues } from './initial-values.ts';
import { type BankLossOptions, makeStep, StatefulLoss } from './stateful-loss.ts';

/**
 * Base class of losses whose bank is the class weights. The optimizer changes `weight`, and `bias` if there is one.
 *
 * Initial weights are those of the papers' code: normal with variance `1 / embeddingSize` for cosines, uniform in
 * `±1 / √embeddingSize` for raw products.
 */
export abstract class ClassWeightsLoss extends StatefulLoss {
  /** `[numClasses, embeddingSize]`, not normalised. */
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
    this.weight = this.addTrainable('weight', initial([numClasses, embeddingSize], spread, seed));
    this.bias = initialBias && this.addTrainable('bias', initialBias());
  }

  forward(embeddings: Tensor2D, labels: Tensor1D | Tensor2D, context?: LossContext): LossStep {
    this.checkBatch(embeddings, labels, context);
    return makeStep(() => ({ loss: this.score(embeddings, labels) }));
  }

  /**
   * Returns the mean loss of a checked batch.
   * @param extra `classes`: the only classes that take part (see `BankInputs`); `options`: replace `this.bankOptions`
   */
  protected score(
    embeddings: Tensor2D,
    labels: Tensor1D | Tensor2D,
    extra: { classes?: BankInputs['classes']; options?: BankOptions } = {},
  ): Scalar {
    const bias = (this.bias as Tensor1D | null) ?? undefined;
    return cosineBankLoss(
      { embeddings, labels, bank: this.weight as Tensor2D, bias, classes: extra.classes },
      extra.options ?? this.bankOptions,
    );
  }
}
