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
 * A loss whose bank is the class weights: `weight` and, where asked for, `bias`, both moved by the optimizer.
 *
 * Weights start as in the papers' code: `N(0, 1 / embeddingSize)` where they are normalised, else
 * `U(±1 / √embeddingSize)`.
 */
export abstract class ClassWeightsLoss extends StatefulLoss {
  /** `[numClasses, embeddingSize]`, not normalised. */
  readonly weight: Variable;
  /** `[1]` or `[numClasses]`; null for a loss without a bias. */
  readonly bias: Variable | null;
  protected readonly bankOptions: ResolvedBankOptions;

  /**
   * @param bankOptions the point in the algebra that this loss is
   * @param initialBias makes the bias `[1]` or `[numClasses]`; null for none
   * @throws ConfigError before any variable is made
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
   * Returns the loss of a checked batch.
   * @param extra the classes that take part, and options that replace `this.bankOptions`
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
