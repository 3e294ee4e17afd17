import {
  type AngularMargin,
  assignRows,
  type BankLossOptions,
  type BankOptions,
  bankLossOptions,
  ClassWeightsLoss,
  cosineBankLoss,
  type Hold,
  hasStarted,
  type LearnedThreshold,
  type LossContext,
  type LossDescriptor,
  type LossStep,
  type Margin,
  makeStateStep,
  makeStep,
  marginBranchOption,
  marginGradientOption,
  negativeWeightOption,
  normalValues,
  type OpenSetLoss,
  type ResolvedBankOptions,
  resolveBankOptions,
  resolveLossOptions,
  type StateStep,
  scaleOption,
  stopGradient,
  suitableStrength,
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
  /** Behaviour where the ArcFace margin stops being monotonic in the angle; default `'none'`. */
  readonly branch?: AngularMargin['branch'];
  /** λ of the UniFace base; default 1. */
  readonly negativeWeight?: number;
  /** Where the bias of the UniFace base starts; default `log(10 · numClasses)`. */
  readonly biasInit?: number;
}

/** `update` of the official code's cases. */
const fixtureUpdates: Readonly<Record<string, PrototypeUpdate>> = {
  softsign: 'softsign',
  sigmoid: 'sigmoid-shifted',
  direct: 'replace',
};
/** `mode` of the official code's cases with ArcFace. */
const fixtureModes: Readonly<Record<string, Pick<EplLossOptions, 'gradient' | 'branch'>>> = {
  characteristic_gradient_detachment: { gradient: 'detached', branch: 'none' },
  easy_margin: { gradient: 'exact', branch: 'easy' },
  none: { gradient: 'exact', branch: 'none' },
};

type FixtureConfig = Readonly<Record<string, number | string>>;

const fixtureOptions =
  (base: 'cosface' | 'arcface' | 'uniface') =>
  ({ scale, margin, empiricalMargin, update, mode }: FixtureConfig) => ({
    base,
    scale,
    margin,
    empiricalMargin,
    prototypeUpdate: fixtureUpdates[update ?? 'softsign'] ?? update,
    ...(base === 'arcface'
      ? (fixtureModes[mode ?? 'characteristic_gradient_detachment'] ?? { branch: mode })
      : {}),
  });

/** The descriptor of `EplLoss`. */
export const eplDescriptor = {
  name: 'EplLoss',
  package: '@openset/epl',
  summary:
    'EPL: class weights and empirical prototypes, running means of the embeddings, with an adaptive margin',
  use: 'when labels are noisy or classes have hard samples',
  source: 'EPL, arXiv 2405.12447; head_EPL.py',
  threshold: 'embedding and class',
  thresholdCondition: 'with base `uniface`',
  hasClassWeights: true,
  words: { epl: { options: (numIdentities) => suitableStrength(numIdentities) } },
  options: {
    base: {
      type: 'choice',
      choices: ['cosface', 'arcface', 'uniface'],
      default: 'cosface',
      description: 'loss on the class weights that EPL extends',
    },
    scale: { ...scaleOption, symbol: 's, 1/τ' },
    margin: {
      type: 'number',
      default: 0.4,
      symbol: 'm',
      description: 'margin of the base: a cosine (CosFace, UniFace) or an angle in radians (ArcFace)',
    },
    empiricalMargin: {
      type: 'number',
      default: 0.7,
      symbol: 'k',
      description: 'coefficient of the adaptive margin `k · sg(cos)`',
    },
    startEpoch: {
      type: 'number',
      integer: true,
      minimum: 1,
      default: 4,
      description:
        'epoch, counted from 1, from which prototypes are scored; they move from the first epoch on',
    },
    prototypeUpdate: {
      type: 'choice',
      choices: prototypeUpdates,
      default: 'softsign',
      symbol: 'α',
      description: 'share of the old prototype that stays; `sigmoid` in the paper',
    },
    duplicateLabels: {
      type: 'choice',
      choices: ['last', 'sequential'],
      default: 'last',
      description: 'for several samples of a class in a batch: the last one counts, or one after another',
    },
    empiricalBaseMargin: {
      type: 'boolean',
      defaultText: '`false` for CosFace, else `true`',
      description: "whether prototypes also get the base's margin, after the adaptive one",
    },
    gradient: { ...marginGradientOption, default: 'detached' },
    branch: { ...marginBranchOption, default: 'none' },
    negativeWeight: negativeWeightOption,
    biasInit: {
      type: 'number',
      symbol: 'b',
      defaultText: '`log(10 N)`',
      description: 'initial value of the bias of the UniFace base',
    },
    ...bankLossOptions,
  },
  suitableStartEpoch: (epochs) => Math.min(4, Math.max(1, Math.floor(epochs / 4))),
  create: (options: EplLossOptions): OpenSetLoss => new EplLoss(options),
  // Once prototypes are scored, gradients are stopped: a test of its own brings the surrogate for finite differences.
  conformance: [{ name: 'before its prototypes are scored', options: { scale: 16 }, epoch: 0 }],
  fixtures: {
    'epl-cosface': fixtureOptions('cosface'),
    'epl-arcface': fixtureOptions('arcface'),
    'epl-uniface': fixtureOptions('uniface'),
  },
} as const satisfies LossDescriptor;

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
    const resolved = resolveLossOptions(eplDescriptor, options);
    const { numClasses, embeddingSize, base, scale, seed, startEpoch, blockSize } = resolved;
    const { prototypeUpdate, duplicateLabels, empiricalMargin, negativeWeight } = resolved;
    const { biasInit = Math.log(10 * numClasses), empiricalBaseMargin = base !== 'cosface' } = resolved;
    const baseMargins = marginsOf(base, resolved);
    const bankOptions: BankOptions = {
      criterion: base === 'uniface' ? 'bce' : 'softmax',
      scale,
      margins: baseMargins,
      negativeWeight,
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
    const held = hold(stopGradient(() => clone(labels)));
    return { rows, commit: () => assignRows(this.empiricalPrototypes, held, rows) };
  }
}

function marginsOf(
  base: string,
  { margin, gradient, branch }: Required<Omit<AngularMargin, 'kind' | 'factor'>>,
): Margin[] {
  if (base === 'arcface') return [{ kind: 'angular', margin, gradient, branch }];
  return margin === 0 ? [] : [{ kind: 'cosine', margin }];
}
