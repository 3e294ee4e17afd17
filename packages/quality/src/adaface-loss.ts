import {
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  describeLoss,
  type LossContext,
  type LossStep,
  makeStep,
  type OpenSetLoss,
  resolveLossOptions,
  ShapeError,
  scaleOption,
  stopGradient,
  suitableStrength,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { rowNorms } from './row-norms.ts';

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
    statisticsMomentum: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0.01,
      symbol: 'α',
      description: 'share of a batch in the running mean and deviation of the norms',
    },
    ...classWeightsLossOptions,
  },
  create: (options: AdaFaceLossOptions): OpenSetLoss => new AdaFaceLoss(options),
  // With a concentration, the margin has no gradient although it follows the norm; adaface-loss.test.ts has a surrogate for it.
  conformance: [{ name: 'concentration 0', options: { scale: 16, concentration: 0 }, smallestBatch: 2 }],
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
  readonly normMean: tf.Variable;
  /** `[1]`: running standard deviation σ of the norms, at first 100. */
  readonly normStd: tf.Variable;
  private readonly settings: { margin: number; concentration: number; statisticsMomentum: number };

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: AdaFaceLossOptions) {
    const { scale, ...settings } = resolveLossOptions(adaFaceDescriptor, options);
    const margins = [
      { kind: 'angular', margin: 0, branch: 'clamp', angleLimit: 0.001 },
      { kind: 'cosine', margin: 0 },
    ] as const;
    super('AdaFaceLoss', options, { criterion: 'softmax', scale, margins, cosineLimit: 1 - 0.001 }, null);
    this.settings = settings;
    this.normMean = this.addMemory('normMean', tf.tensor1d([20]));
    this.normStd = this.addMemory('normStd', tf.tensor1d([100]));
  }

  override forward(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D | tf.Tensor2D,
    context?: LossContext,
  ): LossStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    const { margin } = this.settings;
    return makeStep((hold) => {
      const { mean, std, scaler } = this.measure(embeddings);
      hold(mean);
      hold(std);
      const rowMargins = {
        angle: stopGradient<tf.Tensor1D>(() => tf.mul(scaler, -margin)),
        cosine: stopGradient<tf.Tensor1D>(() => tf.mul(tf.add(scaler, 1), margin)),
      };
      return {
        ...this.score(embeddings, checked, hold, { context, rowMargins }),
        commit: () => {
          this.normMean.assign(mean);
          this.normStd.assign(std);
        },
      };
    });
  }

  /**
   * Returns `marginScaler`, the quality k in `[−1, 1]` of each sample, with the statistics that this batch would enter.
   * @throws ShapeError for a batch of one row
   */
  async inspect(embeddings: tf.Tensor2D): Promise<{ marginScaler: ArrayLike<number> }> {
    const scaler = tf.tidy(() => this.measure(embeddings).scaler);
    const marginScaler = await scaler.data();
    scaler.dispose();
    return { marginScaler };
  }

  /** Returns the running statistics after a batch, and the quality of its samples; none has a gradient. */
  private measure(embeddings: tf.Tensor2D): { mean: tf.Tensor1D; std: tf.Tensor1D; scaler: tf.Tensor1D } {
    const [batch] = embeddings.shape;
    if (batch < 2) {
      throw new ShapeError(
        `${this.name}: a batch must have at least 2 rows, because their norms need a standard deviation; found ${batch}.`,
      );
    }
    const { concentration, statisticsMomentum: share } = this.settings;
    const norms = stopGradient<tf.Tensor1D>(() => tf.clipByValue(rowNorms(embeddings), 0.001, 100));
    const moved = (running: tf.Variable, measure: () => tf.Tensor) =>
      stopGradient((): tf.Tensor1D => {
        const next: tf.Tensor = tf.add(tf.mul(measure(), share), tf.mul(running, 1 - share));
        return next as tf.Tensor1D;
      });
    const mean = moved(this.normMean, () => tf.mean(norms));
    const std = moved(this.normStd, () => {
      const deviations = tf.sub(norms, tf.mean(norms));
      return tf.sqrt(tf.div(tf.sum(tf.square(deviations)), batch - 1));
    });
    const scaler = stopGradient<tf.Tensor1D>(() => {
      const standardised = tf.div(tf.sub(norms, mean), tf.add(std, 0.001));
      return tf.clipByValue(tf.mul(standardised, concentration), -1, 1) as tf.Tensor1D;
    });
    return { mean, std, scaler };
  }
}
