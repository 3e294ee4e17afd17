import {
  type AngularMargin,
  assignRows,
  type BankOptions,
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  cosineBankLossWithRows,
  describeLoss,
  filterNegatives,
  type Hold,
  hasStarted,
  type LearnedThreshold,
  type LossContext,
  type LossStep,
  type Margin,
  type MarginBranch,
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
  unifiedThreshold,
  weightedSum,
  withRows,
} from '@openset/core';
import { add, clone, type Tensor1D, type Tensor2D, tensor1d, type Variable } from '@tensorflow/tfjs-core';
import {
  type DuplicateLabels,
  type PrototypeUpdate,
  prototypeUpdates,
  updatedPrototypes,
} from './prototype-update.ts';

/** Options of `EplLoss`. The defaults are those of the official code. */
export interface EplLossOptions extends ClassWeightsLossOptions {
  /** Loss on the class weights that EPL extends; default `'cosface'`. */
  readonly base?: 'cosface' | 'arcface' | 'uniface';
  /** s or 1/τ, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m of the base: a cosine, at least 0 (CosFace, UniFace), or an angle in `[0, π]` (ArcFace); default 0.4. */
  readonly margin?: number;
  /** k in `[0, 1]` of the adaptive margin `k · sg(cos)`; default 0.7. The paper's `m_x = Detach(s / τ)` is k = 1. */
  readonly empiricalMargin?: number;
  /**
   * First epoch in which samples are scored against the prototypes, counted from 1; default 4. The prototypes are updated
   * from the first epoch on.
   */
  readonly startEpoch?: number;
  /** Share of the old prototype in the new one; default `'softsign'`. The paper uses `'sigmoid'`. */
  readonly prototypeUpdate?: PrototypeUpdate;
  /** Treatment of several samples of a class in one batch; default `'last'`. */
  readonly duplicateLabels?: DuplicateLabels;
  /**
   * Whether scores against the prototypes also get the margin of the base, after the adaptive one. Default, as in the
   * official heads: `false` for CosFace, `true` for ArcFace and UniFace. `false` is the paper's L_ePr-m.
   */
  readonly empiricalBaseMargin?: boolean;
  /** Gradient of the angular margin (ArcFace base); default `'detached'` ("characteristic gradient detachment"). */
  readonly gradient?: AngularMargin['gradient'];
  /** Behaviour where the cosine stops being monotonic in the angle (ArcFace base); default `'none'`. */
  readonly branch?: MarginBranch;
  /** λ, at least 0, weight of the negative terms (UniFace base); default 1. */
  readonly negativeWeight?: number;
  /** Initial value of the bias (UniFace base); default `log(10 · numClasses · negativeSampleRate)`. */
  readonly biasInit?: number;
}

/** Values of `update` in fixture files, which name the updates as the official code does. */
const fixtureUpdates: Readonly<Record<string, PrototypeUpdate>> = {
  softsign: 'softsign',
  sigmoid: 'sigmoid-shifted',
  direct: 'replace',
};
/** Values of `mode` in fixture files with the ArcFace base. */
const fixtureModes: Readonly<Record<string, Pick<EplLossOptions, 'gradient' | 'branch'>>> = {
  characteristic_gradient_detachment: { gradient: 'detached', branch: 'none' },
  easy_margin: { gradient: 'exact', branch: 'easy' },
  none: { gradient: 'exact', branch: 'none' },
};

type FixtureConfig = Readonly<Record<string, number | string | boolean>>;

const fixtureOptions =
  (base: 'cosface' | 'arcface' | 'uniface') =>
  ({ scale, margin, empiricalMargin, update, mode }: FixtureConfig) => ({
    base,
    scale,
    margin,
    empiricalMargin,
    prototypeUpdate: fixtureUpdates[String(update ?? 'softsign')] ?? update,
    ...(base === 'arcface'
      ? (fixtureModes[String(mode ?? 'characteristic_gradient_detachment')] ?? { branch: mode })
      : {}),
  });

/** The descriptor of `EplLoss`. */
export const eplDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'EplLoss',
  package: '@openset/epl',
  summary:
    'EPL: scores samples against class weights and empirical prototypes (running means), with an adaptive margin',
  use: 'when labels are noisy or classes contain hard samples',
  source: 'EPL, arXiv 2405.12447; head_EPL.py in its code',
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
        'first epoch, counted from 1, that scores samples against prototypes; every epoch updates them',
    },
    prototypeUpdate: {
      type: 'choice',
      choices: prototypeUpdates,
      default: 'softsign',
      symbol: 'α',
      description: 'share of the old prototype in the new one; `sigmoid` in the paper',
    },
    duplicateLabels: {
      type: 'choice',
      choices: ['last', 'sequential'],
      default: 'last',
      description: 'several samples of a class in a batch: only the last one counts, or each updates in turn',
    },
    empiricalBaseMargin: {
      type: 'boolean',
      defaultText: '`false` for CosFace, else `true`',
      description: "whether scores against prototypes also get the base's margin",
    },
    gradient: { ...marginGradientOption, default: 'detached' },
    branch: { ...marginBranchOption, default: 'none' },
    negativeWeight: negativeWeightOption,
    biasInit: {
      type: 'number',
      symbol: 'b',
      defaultText: '`log(10 N r)`',
      description: 'initial value of the bias of the UniFace base',
    },
    ...classWeightsLossOptions,
  },
  suitableStartEpoch: (epochs) => Math.min(4, Math.max(1, Math.floor(epochs / 4))),
  create: (options: EplLossOptions): OpenSetLoss => new EplLoss(options),
  // Later epochs stop gradients, which finite differences cannot check; epl-loss.test.ts tests them with a surrogate.
  conformance: [{ name: 'before startEpoch', options: { scale: 16 }, epoch: 0 }],
  fixtures: {
    'epl-cosface': fixtureOptions('cosface'),
    'epl-arcface': fixtureOptions('arcface'),
    'epl-uniface': fixtureOptions('uniface'),
  },
}));

/**
 * Empirical prototype learning (EPL, arXiv 2405.12447). Besides its trained weight, each class has an empirical prototype: a
 * running mean of its embeddings, weighted by similarity. From `startEpoch` on, the loss is the mean of two terms, the base
 * loss over the weights and the base loss over the prototypes. Before, it is the base loss over the weights.
 *
 * As in head_EPL.py, a step updates the prototypes with the batch *before* it scores the batch against them. `forward` scores
 * against the updated prototypes; `commit` stores them.
 */
export class EplLoss extends ClassWeightsLoss {
  /** `[numClasses, embeddingSize]`: random values from `N(0, 1)` until a class is first seen, then rows of unit length. */
  readonly empiricalPrototypes: Variable;
  private readonly conventionalOptions: ResolvedBankOptions;
  private readonly empiricalOptions: ResolvedBankOptions;
  private readonly startEpoch: number;
  private readonly update: { update: PrototypeUpdate; duplicates: DuplicateLabels };

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: EplLossOptions) {
    const resolved = resolveLossOptions(eplDescriptor, options);
    const { numClasses, embeddingSize, base, scale, seed, startEpoch, blockSize } = resolved;
    const { prototypeUpdate, duplicateLabels, empiricalMargin, negativeWeight } = resolved;
    const {
      biasInit = Math.log(10 * numClasses * resolved.negativeSampleRate),
      empiricalBaseMargin = base !== 'cosface',
    } = resolved;
    const baseMargins = marginsOf(base, resolved);
    const bankOptions: BankOptions = {
      criterion: base === 'uniface' ? 'bce' : 'softmax',
      scale,
      margins: baseMargins,
      negativeWeight,
    };
    const adaptive: Margin = { kind: 'adaptive', coefficient: empiricalMargin };
    const empiricalOptions = resolveBankOptions({
      ...filterNegatives(bankOptions, resolved.interclassFilteringThreshold),
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
    // The weights are drawn from `seed`, so the prototypes use the next one.
    const initial = normalValues([numClasses, embeddingSize], 1, seed + 1);
    this.empiricalPrototypes = this.addMemory('empiricalPrototypes', initial);
  }

  override forward(embeddings: Tensor2D, labels: Tensor1D | Tensor2D, context?: LossContext): LossStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    const started = hasStarted(`The empirical term of ${this.name}`, this.startEpoch, context);
    return makeStep((hold) => {
      const { rows, commit } = this.updatePrototypes(embeddings, checked, hold);
      if (!started) return { ...this.score(embeddings, checked, hold, { context }), commit };
      const bias = (this.bias as Tensor1D | null) ?? undefined;
      const { classes } = this.sampleNegatives(checked, hold, context);
      const conventional = this.score(embeddings, checked, hold, {
        classes,
        options: this.conventionalOptions,
      });
      const empirical = withRows(this.empiricalPrototypes, checked, rows, (bank) =>
        cosineBankLossWithRows({ embeddings, labels: checked, bank, bias, classes }, this.empiricalOptions),
      );
      hold(empirical.rowLosses);
      return {
        loss: weightedSum([conventional.loss, empirical.loss], [1, 1]),
        rowLosses: stopGradient<Tensor1D>(() => add(conventional.rowLosses, empirical.rowLosses)),
        commit,
      };
    });
  }

  /** Returns a step that only updates the prototypes with the batch, for the epochs before this loss starts. */
  observe(embeddings: Tensor2D, labels: Tensor1D, context?: LossContext): StateStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    return makeStateStep((hold) => this.updatePrototypes(embeddings, checked, hold).commit);
  }

  /**
   * Returns `b / scale`, a cosine between an embedding and a class vector, for the UniFace base; null for other bases. It has no
   * closed form for other questions (`pairThreshold` returns null), because the adaptive margin lowers the positives by a share
   * of their cosine.
   */
  override threshold(): LearnedThreshold | null {
    if (!this.bias) return null;
    const scale = this.bankOptions.scale as number;
    return unifiedThreshold(this.bias, { scale, between: 'embedding and class', comparisons: null });
  }

  /** Returns the updated prototype of each sample, `[batch, embeddingSize]`, and the function that stores them. */
  private updatePrototypes(
    embeddings: Tensor2D,
    labels: Tensor1D,
    hold: Hold,
  ): { rows: Tensor2D; commit: () => void } {
    const prototypes = this.empiricalPrototypes as Tensor2D;
    const rows = hold(updatedPrototypes(prototypes, embeddings, labels, this.update));
    const held = hold(stopGradient(() => clone(labels)));
    return { rows, commit: () => assignRows(this.empiricalPrototypes, held, rows) };
  }
}

function marginsOf(
  base: string,
  { margin, gradient, branch }: Required<Pick<AngularMargin, 'margin' | 'gradient' | 'branch'>>,
): Margin[] {
  if (base === 'arcface') return [{ kind: 'angular', margin, gradient, branch }];
  return margin === 0 ? [] : [{ kind: 'cosine', margin }];
}
