import {
  angularMargin,
  angularMarginOption,
  type BatchInputs,
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  describeLoss,
  type Hold,
  hardNegativesMap,
  type LossContext,
  normalizeRows,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  softmaxCriterion,
  statisticsMomentumOption,
  stopGradient,
  suitableStrength,
  targetCosines,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** Options of `CurricularFaceLoss`. The defaults are those of the official code. */
export interface CurricularFaceLossOptions extends ClassWeightsLossOptions {
  /** s, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m in radians, in `[0, π]`, added to the angle to the target class; default 0.5. */
  readonly margin?: number;
  /** α: share of a batch in the running mean of the target cosines, in `[0, 1]`; default 0.01. */
  readonly statisticsMomentum?: number;
}

/** The descriptor of `CurricularFaceLoss`. */
export const curricularFaceDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'CurricularFaceLoss',
  package: '@openset/curricular',
  summary: 'CurricularFace: ArcFace that stresses hard negatives more and more as training goes on',
  use: 'for large sets with clean labels',
  source: 'Huang et al. 2020, arXiv 2004.00288; head/metrics.py in its code',
  threshold: null,
  hasClassWeights: true,
  words: {
    curricularface: {
      options: (numIdentities) => ({ scale: suitableStrength(numIdentities).scale, margin: 0.3 }),
    },
  },
  options: {
    scale: scaleOption,
    margin: { ...angularMarginOption, default: 0.5 },
    statisticsMomentum: statisticsMomentumOption,
    ...classWeightsLossOptions,
  },
  create: (options: CurricularFaceLossOptions): OpenSetLoss => new CurricularFaceLoss(options),
  conformance: [{ options: { scale: 16, statisticsMomentum: 0.5 }, stopsGradients: true }],
  fixtures: { curricularface: (config) => config },
}));

/**
 * CurricularFace (Huang et al. 2020, arXiv 2004.00288): ArcFace whose hard negatives, with a cosine above the positive one with its
 * margin, score with `c (t + c)`. t is a running mean of the target cosines: small at first, which spares hard negatives, and near
 * 1 at the end. As in metrics.py, a batch enters t before it is scored, and `c − m sin m` follows beyond `θ + m = π`.
 */
export class CurricularFaceLoss extends ClassWeightsLoss {
  /** `[1]`: t, the running mean of the cosines with the target classes, at first 0. */
  readonly targetCosineMean: tf.Variable<tf.Rank.R1>;
  private readonly margin: number;
  private readonly momentum: number;

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: CurricularFaceLossOptions) {
    const { scale, margin, statisticsMomentum } = resolveLossOptions(curricularFaceDescriptor, options);
    const margins = [angularMargin({ margin, branch: 'linear' })];
    const similarityMap = hardNegativesMap({ square: 1 });
    super(
      'CurricularFaceLoss',
      options,
      { criterion: softmaxCriterion, scale, margins, similarityMap },
      null,
    );
    this.margin = margin;
    this.momentum = statisticsMomentum;
    this.targetCosineMean = this.addMemory('targetCosineMean', tf.tensor1d([0]));
  }

  protected override batchInputs(embeddings: tf.Tensor2D, labels: tf.Tensor1D, hold: Hold): BatchInputs {
    const mean = tf.mean(targetCosines(embeddings, labels, this.weight as tf.Tensor2D));
    const hardFactor = stopGradient<tf.Tensor1D>(() =>
      tf.add(tf.mul(mean, this.momentum), tf.mul(this.targetCosineMean, 1 - this.momentum)),
    );
    hold.assignOnCommit(this.targetCosineMean, hardFactor);
    return { hardFactor };
  }

  /**
   * Returns `hardNegatives`, the number of pairs of a sample and another class that count as hard. It computes all cosines at
   * once, `[batch, numClasses]`.
   */
  async inspect(embeddings: tf.Tensor2D, labels: tf.Tensor1D, context?: LossContext) {
    return this.readFromBatch(embeddings, labels, context, (checked) => {
      const bank = this.weight as tf.Tensor2D;
      const own = targetCosines(embeddings, checked, bank);
      const sine = tf.sqrt(tf.relu(tf.sub(1, tf.square(own))));
      const threshold = tf.sub(tf.mul(own, Math.cos(this.margin)), tf.mul(sine, Math.sin(this.margin)));
      const cosines = tf.matMul(normalizeRows(embeddings).unit, normalizeRows(bank).unit, false, true);
      const isOther = tf.oneHot(tf.cast(checked, 'int32'), this.numClasses, 0, 1, 'int32');
      const isAbove = tf.cast(tf.greater(cosines, tf.reshape(threshold, [-1, 1])), 'int32');
      return { hardNegatives: tf.sum(tf.mul(isAbove, isOther)) };
    });
  }
}
