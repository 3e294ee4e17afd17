import {
  type AngularMargin,
  assignRows,
  type BankLossOptions,
  type BankOptions,
  ClassWeightsLoss,
  checkChoice,
  checkNumber,
  cosineBankLoss,
  type Hold,
  hasStarted,
  type LearnedThreshold,
  type LossContext,
  type LossStep,
  type Margin,
  makeStateStep,
  makeStep,
  normalValues,
  type ResolvedBankOptions,
  resolveBankOptions,
  type StateStep,
  untaped,
  weightedSum,
  withRows,
} from '@openset/core';
import { clone, type Tensor1D, type Tensor2D, tensor1d, type Variable } from '@tensorflow/tfjs-core';
import {
  type DuplicateLabels,
  type PrototypeUpdate,
  prototypeUpdates,
  updatedRows,
} from './prototype-update.ts';

/** Options of `EplLoss`. The defaults are those of the official code. */
export interface EplLossOptions extends BankLossOptions {
  /** The loss on the class weights that EPL is put on; default `'cosface'`. */
  readonly base?: 'cosface' | 'arcface' | 'uniface';
  /** s or 1/τ; default 64. */
  readonly scale?: number;
  /** m of the base loss: a cosine (CosFace, UniFace) or an angle (ArcFace); default 0.4. */
  readonly margin?: number;
  /** k of the adaptive margin `k · sg(cos)`; default 0.7. The paper's `m_x = Detach(s / τ)` is 1. */
  readonly empiricalMargin?: number;
  /**
   * First epoch in which the rows of the empirical prototypes count, counted from 1; default 4. The prototypes move
   * from the first epoch on.
   */
  readonly startEpoch?: number;
  /** How much of the old prototype stays; default `'softsign'`. The paper's is `'sigmoid'`. */
  readonly prototypeUpdate?: PrototypeUpdate;
  /** What several samples of a class in a batch do; default `'last'`. */
  readonly duplicateLabels?: DuplicateLabels;
  /**
   * Whether the rows of the prototypes also get the base's margin after the adaptive one. Default as in the official
   * heads: no for CosFace, yes for ArcFace and UniFace. `false` is the paper's L_ePr-m.
   */
  readonly empiricalBaseMargin?: boolean;
  /** Gradient of the ArcFace margin; default `'detached'` ("characteristic gradient detachment"). */
  readonly gradient?: AngularMargin['gradient'];
  /** What the ArcFace margin does beyond its monotonic range; default `'none'`. */
  readonly branch?: AngularMargin['branch'];
  /** λ of the UniFace base; default 1. */
  readonly negativeWeight?: number;
  /** Where the bias of the UniFace base starts; default `log(10 · numClasses)`. */
  readonly biasInit?: number;
}

/**
 * Empirical prototype learning (arXiv 2405.12447): besides its trained weight each class has a prototype that is a
 * running mean of its embeddings, mixed by similarity, and every sample is scored against both; the loss is the mean
 * over both halves (the base's loss alone before `startEpoch`).
 *
 * Order, as in head_EPL.py: the prototypes take the batch in *before* it is scored against them. `forward` scores
 * against the moved prototypes, `commit` keeps them.
 */
export class EplLoss extends ClassWeightsLoss {
  /** `[numClasses, embeddingSize]`: `N(0, 1)` until a class is first seen, of unit length afterwards. */
  readonly empiricalPrototypes: Variable;
  private readonly conventionalOptions: ResolvedBankOptions;
  private readonly empiricalOptions: ResolvedBankOptions;
  private readonly startEpoch: number;
  private readonly update: { update: PrototypeUpdate; duplicates: DuplicateLabels };

  constructor(options: EplLossOptions) {
    const { numClasses, embeddingSize, base = 'cosface', seed = 0, startEpoch = 4, blockSize } = options;
    const { prototypeUpdate = 'softsign', duplicateLabels = 'last', empiricalMargin = 0.7 } = options;
    checkChoice('base', base, ['cosface', 'arcface', 'uniface']);
    checkChoice('prototypeUpdate', prototypeUpdate, prototypeUpdates);
    checkChoice('duplicateLabels', duplicateLabels, ['last', 'sequential']);
    checkNumber('startEpoch', startEpoch, { minimum: 1, integer: true });
    const { biasInit = Math.log(10 * numClasses), empiricalBaseMargin = base !== 'cosface' } = options;
    if (base === 'uniface') checkNumber('biasInit', biasInit);
    const baseMargins = marginsOf(base, options);
    const bankOptions: BankOptions = {
      criterion: base === 'uniface' ? 'bce' : 'softmax',
      scale: options.scale ?? 64,
      margins: baseMargins,
      ...(options.negativeWeight === undefined ? {} : { negativeWeight: options.negativeWeight }),
    };
    const adaptive: Margin = { kind: 'adaptive', coefficient: empiricalMargin };
    const empiricalOptions = resolveBankOptions({
      ...bankOptions,
      margins: [adaptive, ...(empiricalBaseMargin ? baseMargins : [])],
      bankGradient: false,
      weight: 0.5,
      blockSize,
    });
    super('EplLoss', options, bankOptions, base === 'uniface' ? () => tensor1d([biasInit]) : null);
    this.conventionalOptions = resolveBankOptions({ ...this.bankOptions, weight: 0.5 });
    this.empiricalOptions = empiricalOptions;
    this.startEpoch = startEpoch;
    this.update = { update: prototypeUpdate, duplicates: duplicateLabels };
    // A seed of its own: the weights are drawn from `seed`.
    const initial = normalValues([numClasses, embeddingSize], 1, seed + 1);
    this.empiricalPrototypes = this.addMemory('empiricalPrototypes', initial);
  }

  override forward(embeddings: Tensor2D, labels: Tensor1D | Tensor2D, context?: LossContext): LossStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    const started = hasStarted(`The empirical term of ${this.name}`, this.startEpoch, context);
    return makeStep((hold) => {
      const { rows, commit } = this.move(embeddings, checked, hold);
      if (!started) return { loss: this.score(embeddings, checked), commit };
      const bias = (this.bias as Tensor1D | null) ?? undefined;
      const conventional = this.score(embeddings, checked, { options: this.conventionalOptions });
      const empirical = withRows(this.empiricalPrototypes, checked, rows, (bank) =>
        cosineBankLoss({ embeddings, labels: checked, bank, bias }, this.empiricalOptions),
      );
      return { loss: weightedSum([conventional, empirical], [1, 1]), commit };
    });
  }

  /** The prototypes take the batch in, without a loss: for the epochs before this loss starts. */
  observe(embeddings: Tensor2D, labels: Tensor1D, context?: LossContext): StateStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    return makeStateStep((hold) => this.move(embeddings, checked, hold).commit);
  }

  /** `b / scale` of the UniFace base, between an embedding and a class vector; null for the other bases. */
  override threshold(): LearnedThreshold | null {
    if (!this.bias) return null;
    const bias = this.bias.dataSync()[0] as number;
    return { cosine: bias / (this.bankOptions.scale as number), between: 'embedding and class' };
  }

  /** The prototypes of the batch, moved, and what writes them back. */
  private move(embeddings: Tensor2D, labels: Tensor1D, hold: Hold): { rows: Tensor2D; commit: () => void } {
    const prototypes = this.empiricalPrototypes as Tensor2D;
    const rows = hold(updatedRows(prototypes, embeddings, labels, this.update));
    const held = hold(untaped(() => clone(labels)));
    return { rows, commit: () => assignRows(this.empiricalPrototypes, held, rows) };
  }
}

function marginsOf(
  base: string,
  { margin = 0.4, gradient = 'detached', branch = 'none' }: EplLossOptions,
): Margin[] {
  if (base === 'arcface') return [{ kind: 'angular', margin, gradient, branch }];
  return margin === 0 ? [] : [{ kind: 'cosine', margin }];
}
