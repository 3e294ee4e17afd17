import {
  type BatchInputs,
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  describeLoss,
  eitherMarginOption,
  type Hold,
  type LossContext,
  type LossStep,
  marginOfType,
  marginTypeOption,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  softmaxCriterion,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import {
  type InjectionRule,
  initialSamples,
  injectionShares,
  rememberOnCommit,
  type SampleMemory,
  suitableVpl,
} from './sample-memory.ts';

/** Options of `VplLoss`. The defaults are those of the official code. */
export interface VplLossOptions extends ClassWeightsLossOptions, Partial<InjectionRule> {
  /** s, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m, at least 0: of a cosine, or an angle in radians; default 0.4. */
  readonly margin?: number;
  /** Kind of the margin: `'cosine'` (default, over CosFace) or `'angular'` (over ArcFace). */
  readonly marginType?: 'cosine' | 'angular';
}

const share = { type: 'number', minimum: 0, maximum: 1 } as const;
const steps = { type: 'number', integer: true, minimum: 0 } as const;

/** The descriptor of `VplLoss`. */
export const vplDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'VplLoss',
  package: '@openset/vpl',
  summary: 'VPL: CosFace or ArcFace whose class weights have the latest sample of the class mixed in',
  use: 'for verification, when each class is seen every few hundred steps',
  source: 'Deng et al. 2021 (CVPR), Variational Prototype Learning; recognition/vpl of insightface',
  threshold: null,
  hasClassWeights: true,
  words: { vpl: { options: suitableVpl } },
  options: {
    scale: scaleOption,
    margin: { ...eitherMarginOption, default: 0.4 },
    marginType: marginTypeOption,
    injection: { ...share, default: 0.15, symbol: 'λ', description: 'share of the latest sample of a class' },
    maximumAge: { ...steps, default: 200, description: 'steps for which a remembered sample counts' },
    startIteration: { ...steps, default: 8000, description: 'steps before the first that mixes samples in' },
    ...classWeightsLossOptions,
  },
  create: (options: VplLossOptions): OpenSetLoss => new VplLoss(options),
  conformance: [
    { options: { scale: 16, injection: 0.3, startIteration: 0 } },
    { name: 'angular', options: { scale: 16, marginType: 'angular', startIteration: 0 } },
  ],
  fixtures: {
    'vpl-cosface': (config) => config,
    'vpl-arcface': (config) => ({ ...config, marginType: 'angular' }),
  },
}));

/**
 * Variational prototype learning (Deng et al. 2021). A class scores with `(1 − λ) ŵ_j + λ M_j`, where M_j is its latest sample, as
 * long as that is at most `maximumAge` steps old. Softmax cross-entropy with a margin, mean over the batch. `commit` remembers
 * the samples of the batch, so a batch never sees its own.
 *
 * The official code clips probabilities at 1e-30; here nothing overflows without it.
 */
export class VplLoss extends ClassWeightsLoss implements SampleMemory {
  readonly sampleMemory: tf.Variable<tf.Rank.R2>;
  readonly memoryIterations: tf.Variable<tf.Rank.R1>;
  readonly iteration: tf.Variable<tf.Rank.R1>;
  private readonly rule: InjectionRule;

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: VplLossOptions) {
    const { scale, margin, marginType, seed, ...rule } = resolveLossOptions(vplDescriptor, options);
    super(
      'VplLoss',
      options,
      { criterion: softmaxCriterion, scale, margins: [marginOfType(marginType, margin)] },
      null,
    );
    this.rule = rule;
    this.sampleMemory = this.addMemory('memory', (rows) => initialSamples(this, seed, rows));
    this.memoryIterations = this.addMemory('memoryIterations', ({ count }) => tf.zeros([count], 'int32'));
    this.iteration = this.addMemory('iteration', tf.tensor1d([1], 'int32'));
  }

  /**
   * Returns the step of a batch that remembers other embeddings of its images, as of a slowly moving copy of the network.
   * @param remembered `[batch, embeddingSize]`, not normalised
   * @throws ShapeError, DataError for either kind of embeddings
   */
  forwardWithMemory(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D | tf.Tensor2D,
    remembered: tf.Tensor2D,
    context?: LossContext,
  ): LossStep {
    this.checkBatch(remembered, labels, context);
    return this.forwardWith(embeddings, labels, context, remembered);
  }

  protected override batchInputs(remembered: tf.Tensor2D, labels: tf.Tensor1D, hold: Hold): BatchInputs {
    rememberOnCommit(this, remembered, labels, hold);
    return { mixture: { rows: this.sampleMemory, shares: injectionShares(this, this.rule) } };
  }

  /** Returns `injected`: for each class, 1 if its remembered sample counts in this step, else 0. */
  async inspect(embeddings: tf.Tensor2D, labels: tf.Tensor1D, context?: LossContext) {
    const measure = () => ({ injected: tf.cast(tf.greater(injectionShares(this, this.rule), 0), 'int32') });
    return this.readFromBatch(embeddings, labels, context, measure);
  }
}
