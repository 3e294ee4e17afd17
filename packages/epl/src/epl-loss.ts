import {
  type AngularMargin,
  adaptiveMargin,
  assignRows,
  type BankLossOptions,
  type ClassWeightsLoss,
  type ClassWeightsLossOptions,
  ConfigError,
  classWeightsLossOptions,
  describeLoss,
  type Hold,
  hasStarted,
  type LearnedThreshold,
  type LossConfig,
  type LossContext,
  type LossStep,
  type MarginBranch,
  makeStateStep,
  makeStep,
  marginBranchOption,
  marginGradientOption,
  negativeWeightOption,
  normalValues,
  type OpenSetLoss,
  resolveLossOptions,
  type SecondBank,
  StatefulLoss,
  type StateStep,
  scaleOption,
  stopGradient,
  suitableStrength,
  withRows,
} from '@openset/core';
import {
  clone,
  dispose,
  type NamedTensorMap,
  type Tensor1D,
  type Tensor2D,
  type Variable,
} from '@tensorflow/tfjs-core';
import { EplBase, type EplBaseName } from './epl-base.ts';
import {
  type DuplicateLabels,
  type PrototypeUpdate,
  prototypeUpdates,
  updatedPrototypes,
} from './prototype-update.ts';

/** Options of `EplLoss`. The defaults are those of the official code. */
export interface EplLossOptions extends ClassWeightsLossOptions {
  /** Loss on the class weights that EPL extends; default `'cosface'`. */
  readonly base?: EplBaseName;
  /**
   * Another loss over the same class weights to extend instead of `base`, such as CurricularFace. It has its own scale, margin and
   * bias, so these options of EPL are refused with it. `dispose()` disposes of it.
   */
  readonly classLoss?: OpenSetLoss;
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
   * official heads: `false` for CosFace, `true` for ArcFace, UniFace and a `classLoss`. `false` is the paper's L_ePr-m.
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
  (base: EplBaseName) =>
  ({ scale, margin, empiricalMargin, update, mode }: FixtureConfig): Record<string, unknown> => ({
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
  thresholdCondition: 'over a loss that learns one, such as base `uniface`',
  hasClassWeights: true,
  words: { epl: { options: (numIdentities) => suitableStrength(numIdentities) } },
  options: {
    base: {
      type: 'choice',
      choices: ['cosface', 'arcface', 'uniface'],
      default: 'cosface',
      replacedBy: 'classLoss',
      description: 'loss on the class weights that EPL extends',
    },
    classLoss: {
      type: 'loss',
      description: 'another loss over class weights to extend instead, with its own scale and margin',
    },
    scale: { ...scaleOption, replacedBy: 'classLoss', symbol: 's, 1/τ' },
    margin: {
      type: 'number',
      replacedBy: 'classLoss',
      default: 0.4,
      symbol: 'm',
      description: 'margin of the base: a cosine (CosFace, UniFace) or an angle in radians (ArcFace)',
    },
    empiricalMargin: {
      type: 'number',
      minimum: 0,
      maximum: 1,
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
    gradient: { ...marginGradientOption, replacedBy: 'classLoss', default: 'detached' },
    branch: { ...marginBranchOption, replacedBy: 'classLoss', default: 'none' },
    negativeWeight: { ...negativeWeightOption, replacedBy: 'classLoss' },
    biasInit: {
      type: 'number',
      replacedBy: 'classLoss',
      symbol: 'b',
      defaultText: '`log(10 N r)`',
      description: 'initial value of the bias of the UniFace base',
    },
    ...classWeightsLossOptions,
    negativeSampleRate: { ...classWeightsLossOptions.negativeSampleRate, replacedBy: 'classLoss' },
    interclassFilteringThreshold: {
      ...classWeightsLossOptions.interclassFilteringThreshold,
      replacedBy: 'classLoss',
    },
  },
  suitableStartEpoch: (epochs) => Math.min(4, Math.max(1, Math.floor(epochs / 4))),
  create: (options: EplLossOptions): OpenSetLoss => new EplLoss(options),
  // Later epochs stop gradients, which finite differences cannot check; epl-loss.test.ts tests them with a surrogate.
  conformance: [
    { name: 'before startEpoch', options: { scale: 16 }, epoch: 0 },
    { name: 'over a class loss', options: { classLoss: { loss: 'PlainClassLoss' } }, epoch: 0 },
  ],
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
 * The base is a loss over class weights: one of EPL's own (`base`), whose state tensors are `weight` and `bias`, or a `classLoss`,
 * whose state tensors are `classLoss.*`. It scores both banks with the same criterion, scale, map and state.
 *
 * As in head_EPL.py, a step updates the prototypes with the batch *before* it scores the batch against them. `forward` scores
 * against the updated prototypes; `commit` stores them.
 */
export class EplLoss extends StatefulLoss {
  /** `[numClasses, embeddingSize]`: random values from `N(0, 1)` until a class is first seen, then rows of unit length. */
  readonly empiricalPrototypes: Variable;
  private readonly base: ClassWeightsLoss;
  /** What the names of the base's state tensors begin with. */
  private readonly basePrefix: '' | 'classLoss.';
  private readonly startEpoch: number;
  private readonly empirical: Omit<SecondBank, 'use'>;
  private readonly update: { update: PrototypeUpdate; duplicates: DuplicateLabels };

  /** @throws ConfigError for an option that is missing, unknown or out of range, or a class loss that EPL cannot extend */
  constructor(options: EplLossOptions) {
    const resolved = resolveLossOptions(eplDescriptor, options);
    const { numClasses, embeddingSize, base, classLoss, seed, startEpoch } = resolved;
    const { prototypeUpdate, duplicateLabels, empiricalMargin } = resolved;
    const { biasInit = Math.log(10 * numClasses * resolved.negativeSampleRate) } = resolved;
    const { empiricalBaseMargin = classLoss !== undefined || base !== 'cosface' } = resolved;
    const { classLoss: _, ...ownOptions } = options;
    super('EplLoss', ownOptions);
    this.base = classLoss ? extensible(classLoss, this) : new EplBase({ ...resolved, biasInit });
    this.basePrefix = classLoss ? 'classLoss.' : '';
    this.trainable.push(...this.base.trainable);
    this.startEpoch = startEpoch;
    this.empirical = {
      margins: [adaptiveMargin(empiricalMargin)],
      keepsMargins: empiricalBaseMargin,
    };
    this.update = { update: prototypeUpdate, duplicates: duplicateLabels };
    // The weights are drawn from `seed`, so the prototypes use the next one.
    this.empiricalPrototypes = this.addMemory('empiricalPrototypes', (rows) =>
      normalValues([numClasses, embeddingSize], 1, seed + 1, rows),
    );
    this.memory.push(...this.base.memory);
  }

  /** `[numClasses, embeddingSize]`: the weights of the base. */
  get weight(): Variable {
    return this.base.weight;
  }

  /** The bias of the base; null if it has none. */
  get bias(): Variable | null {
    return this.base.bias;
  }

  override forward(embeddings: Tensor2D, labels: Tensor1D | Tensor2D, context?: LossContext): LossStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    const started = hasStarted(`The empirical term of ${this.name}`, this.startEpoch, context);
    let scored: LossStep | undefined;
    const step = makeStep((hold) => {
      const { rows, commit } = this.updatePrototypes(embeddings, checked, hold);
      const secondBank: SecondBank = {
        ...this.empirical,
        use: (score) => withRows(this.empiricalPrototypes, checked, rows, score),
      };
      scored = this.base.forward(embeddings, checked, { ...context, ...(started && { secondBank }) });
      const { loss, rowLosses } = scored;
      hold.onCommit(scored.commit);
      return { loss, rowLosses, commit };
    });
    return { ...step, dispose: disposeBoth(scored as LossStep | undefined, step) };
  }

  /** Returns a step that only updates the prototypes and the state of the base, for the epochs before this loss starts. */
  observe(embeddings: Tensor2D, labels: Tensor1D, context?: LossContext): StateStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    const ofBase = this.base.observe(embeddings, checked, context);
    const step = makeStateStep((hold) => {
      hold.onCommit(ofBase.commit);
      return this.updatePrototypes(embeddings, checked, hold).commit;
    });
    return { ...step, dispose: disposeBoth(ofBase, step) };
  }

  /**
   * Returns the threshold that the base learns, a cosine between an embedding and a class vector; null over a base that learns none.
   * It has no closed form for other questions (`pairThreshold` returns null), because the adaptive margin lowers the positives by
   * a share of their cosine.
   */
  override threshold(): LearnedThreshold | null {
    const learned = this.base.threshold();
    return learned && { cosine: learned.cosine, between: learned.between };
  }

  override getConfig(): LossConfig {
    return { ...super.getConfig(), ...(this.basePrefix && { classLoss: this.base.getConfig() }) };
  }

  override getState(): NamedTensorMap {
    const ofBase = Object.entries(this.base.getState());
    const named = ofBase.map(([name, tensor]) => [this.basePrefix + name, tensor] as const);
    return { ...Object.fromEntries(named), ...super.getState() };
  }

  override setState(state: NamedTensorMap): void {
    const ofBase: NamedTensorMap = {};
    const own: NamedTensorMap = {};
    for (const [name, tensor] of Object.entries(state)) {
      const isOwn = name === 'empiricalPrototypes' || !name.startsWith(this.basePrefix);
      if (isOwn) own[name] = tensor;
      else ofBase[name.slice(this.basePrefix.length)] = tensor;
    }
    // If the base rejects its state, the prototypes keep theirs.
    const before = super.getState();
    try {
      super.setState(own);
      this.base.setState(ofBase);
    } catch (error) {
      super.setState(before);
      throw error;
    } finally {
      dispose(before);
    }
  }

  override dispose(): void {
    this.base.dispose();
    super.dispose();
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

function disposeBoth(first: StateStep | undefined, second: StateStep): () => void {
  return () => {
    first?.dispose();
    second.dispose();
  };
}

/**
 * Returns a class loss that EPL can extend.
 * @throws ConfigError for a loss without class weights, of other sizes, or that cannot score the prototypes as well
 */
function extensible(
  classLoss: OpenSetLoss,
  { numClasses, embeddingSize }: Pick<BankLossOptions, 'numClasses' | 'embeddingSize'>,
): ClassWeightsLoss {
  if (!('checkSecondBank' in classLoss)) {
    throw new ConfigError(
      `EplLoss extends a loss over class weights, but classLoss is ${classLoss.name}, which is none.`,
    );
  }
  const base = classLoss as ClassWeightsLoss;
  if (base.numClasses !== numClasses || base.embeddingSize !== embeddingSize) {
    throw new ConfigError(
      `EplLoss has ${numClasses} classes and embeddings of ${embeddingSize} numbers, but its classLoss has ` +
        `${base.numClasses} and ${base.embeddingSize}. Give both the same sizes.`,
    );
  }
  base.checkSecondBank();
  return base;
}
