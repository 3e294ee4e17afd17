import {
  angularMargin,
  type BatchInputs,
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  cosineMargin,
  describeLoss,
  type Hold,
  type LossContext,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  softmaxCriterion,
  statisticsMomentumOption,
  stopGradient,
  suitableStrength,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { measureQuality, readQuality } from './norm-statistics.ts';

/** Options of `AdaFaceLoss`. The defaults are those of the official code. */
export interface AdaFaceLossOptions extends ClassWeightsLossOptions {
  /** s, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m, at least 0; default 0.4. */
  readonly margin?: number;
  /** h, at least 0: how strongly the norm of a sample moves its margin; 0 is CosFace; default 0.333. */
  readonly concentration?: number;
  /** α in `[0, 1]`: share of a batch in the running mean and deviation of the norms; default 0.01. */
  readonly statisticsMomentum?: number;
}

/** The descriptor of `AdaFaceLoss`. */
export const adaFaceDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'AdaFaceLoss',
  package: '@openset/quality',
  summary: 'AdaFace: softmax with margins that stress hard samples of good images and spare bad images',
  use: 'when the images differ in quality',
  source: 'Kim et al. 2022, arXiv 2204.00964; head.py in its code',
  threshold: null,
  hasClassWeights: true,
  words: { adaface: { options: (numIdentities) => suitableStrength(numIdentities) } },
  options: {
    scale: scaleOption,
    margin: {
      type: 'number',
      minimum: 0,
      default: 0.4,
      symbol: 'm',
      description: 'margin: on the cosine at average quality, on the angle at the lowest',
    },
    concentration: {
      type: 'number',
      minimum: 0,
      default: 0.333,
      symbol: 'h',
      description: 'how strongly the norm of a sample moves its margin; 0 is CosFace',
    },
    statisticsMomentum: statisticsMomentumOption,
    ...classWeightsLossOptions,
  },
  create: (options: AdaFaceLossOptions): OpenSetLoss => new AdaFaceLoss(options),
  conformance: [
    {
      options: { scale: 16, statisticsMomentum: 0.9 },
      normalized: false,
      smallestBatch: 2,
      stopsGradients: true,
    },
  ],
  fixtures: { adaface: (config) => config },
}));

/**
 * AdaFace (Kim et al. 2022, arXiv 2204.00964). The norm of an embedding stands for the quality of its image,
 * `k = clip(h (‖x‖ − μ) / σ, −1, 1)`, and the target class scores with `cos(θ − m k) − m (1 + k)`. Softmax cross-entropy over
 * `scale` times the scores, mean over the batch. Norms have no gradient.
 *
 * As in head.py, a batch enters the running mean μ and deviation σ before it is scored, cosines are clipped to ± 0.999, and
 * angles to `[0.001, π − 0.001]`. A batch of one row has no deviation and is refused; the official code returns NaN.
 */
export class AdaFaceLoss extends ClassWeightsLoss {
  /** `[1]`: running mean μ of the norms, at first 20. */
  readonly normMean: tf.Variable<tf.Rank.R1>;
  /** `[1]`: running standard deviation σ of the norms, at first 100. */
  readonly normStd: tf.Variable<tf.Rank.R1>;
  private readonly settings: { margin: number; concentration: number; statisticsMomentum: number };

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: AdaFaceLossOptions) {
    const { scale, ...settings } = resolveLossOptions(adaFaceDescriptor, options);
    const angular = angularMargin({ margin: 0, branch: 'clamp', angleLimit: 0.001 });
    const margins = [angular, cosineMargin(0)];
    super(
      'AdaFaceLoss',
      options,
      { criterion: softmaxCriterion, scale, margins, cosineLimit: 1 - 0.001 },
      null,
    );
    this.settings = settings;
    this.normMean = this.addMemory('normMean', tf.tensor1d([20]));
    this.normStd = this.addMemory('normStd', tf.tensor1d([100]));
  }

  protected override batchInputs(embeddings: tf.Tensor2D, _: tf.Tensor1D, hold: Hold): BatchInputs {
    const { margin } = this.settings;
    const { normMean, normStd, quality } = measureQuality(embeddings, this, this.settings);
    hold.assignOnCommit(this.normMean, normMean);
    hold.assignOnCommit(this.normStd, normStd);
    return {
      rowMargins: {
        angle: stopGradient<tf.Tensor1D>(() => tf.mul(quality, -margin)),
        cosine: stopGradient<tf.Tensor1D>(() => tf.mul(tf.add(quality, 1), margin)),
      },
    };
  }

  /** Returns `marginScaler`: the quality k of each sample, in `[−1, 1]`, with the statistics that this batch would enter. */
  async inspect(embeddings: tf.Tensor2D, labels: tf.Tensor1D, context?: LossContext) {
    const measure = () => ({ rows: embeddings, normMean: this.normMean, normStd: this.normStd });
    const { rows, ...running } = await this.readFromBatch(embeddings, labels, context, measure);
    return { marginScaler: readQuality(rows, embeddings.shape[0], running, this.settings) };
  }
}
