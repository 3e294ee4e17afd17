import {
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  ConfigError,
  classWeightsLossOptions,
  describeLoss,
  type LossContext,
  type LossStep,
  makeStep,
  type OpenSetLoss,
  operation,
  resolveLossOptions,
  scaleOption,
  stopGradient,
  suitableStrength,
  weightedSum,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { rowNorms } from './row-norms.ts';

/** Options of `MagFaceLoss`. The defaults are those of the official code. */
export interface MagFaceLossOptions extends ClassWeightsLossOptions {
  /** s, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** l, above 0: norm of the lowest quality; default 10. */
  readonly lowerNorm?: number;
  /** u, above l: norm of the highest quality; default 110. */
  readonly upperNorm?: number;
  /** Margin at norm l, radians in `[0, π]`; default 0.45. */
  readonly lowerMargin?: number;
  /** Margin at norm u, radians in `[0, π]`; default 0.8. */
  readonly upperMargin?: number;
  /** λ, at least 0: weight of the term that raises norms; default 35. */
  readonly regularizerWeight?: number;
  /** Whether the margin applies only where the cosine is above 0; default true. If not, `c − m sin m` follows beyond `θ + m = π`. */
  readonly easyMargin?: boolean;
}

const angle = { type: 'number', minimum: 0, maximum: Math.PI } as const;

/** The descriptor of `MagFaceLoss`. */
export const magFaceDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'MagFaceLoss',
  package: '@openset/quality',
  summary:
    'MagFace: an angular margin that grows with the norm, so that the norm becomes the quality of the image',
  use: 'for embeddings whose norm tells the quality of an image',
  source: 'Meng et al. 2021, arXiv 2103.06627; models/magface.py in its code',
  threshold: null,
  hasClassWeights: true,
  words: {
    magface: { options: (numIdentities) => ({ scale: suitableStrength(numIdentities).scale }) },
  },
  options: {
    scale: scaleOption,
    lowerNorm: {
      type: 'number',
      above: 0,
      default: 10,
      symbol: 'l',
      description: 'norm of the lowest quality',
    },
    upperNorm: {
      type: 'number',
      above: 0,
      default: 110,
      symbol: 'u',
      description: 'norm of the highest quality',
    },
    lowerMargin: { ...angle, default: 0.45, description: 'margin in radians at the lowest quality' },
    upperMargin: { ...angle, default: 0.8, description: 'margin in radians at the highest quality' },
    regularizerWeight: {
      type: 'number',
      minimum: 0,
      default: 35,
      symbol: 'λ',
      description: 'weight of the term that raises norms',
    },
    easyMargin: {
      type: 'boolean',
      default: true,
      description: 'whether the margin applies only where the cosine is above 0',
    },
    ...classWeightsLossOptions,
  },
  create: (options: MagFaceLossOptions): OpenSetLoss => new MagFaceLoss(options),
  conformance: [
    { options: { scale: 16, lowerNorm: 1, upperNorm: 6, easyMargin: false }, normalized: false },
    { name: 'easy margin', options: { scale: 16, lowerNorm: 1, upperNorm: 6 }, normalized: false },
  ],
  fixtures: { magface: ({ easyMargin, ...config }) => ({ ...config, easyMargin: Boolean(easyMargin) }) },
}));

/**
 * MagFace (Meng et al. 2021, arXiv 2103.06627). With `a = clip(‖x‖, l, u)`, the target class scores with `cos(θ + m(a))`, where m
 * grows linearly from `lowerMargin` to `upperMargin`, and each sample adds `λ (a / u² + 1 / a)`. Softmax cross-entropy over `scale`
 * times the scores, mean over the batch. The norm is trained, within `[l, u]`.
 */
export class MagFaceLoss extends ClassWeightsLoss {
  private readonly settings: Required<
    Pick<MagFaceLossOptions, 'lowerNorm' | 'upperNorm' | 'lowerMargin' | 'upperMargin' | 'regularizerWeight'>
  >;

  /** @throws ConfigError for an option that is missing, unknown or out of range, or if `upperNorm` is not above `lowerNorm` */
  constructor(options: MagFaceLossOptions) {
    const { scale, easyMargin, ...settings } = resolveLossOptions(magFaceDescriptor, options);
    const { lowerNorm, upperNorm } = settings;
    if (upperNorm <= lowerNorm) {
      throw new ConfigError(
        `MagFaceLoss: upperNorm must be above lowerNorm ${lowerNorm}, but is ${upperNorm}.`,
      );
    }
    const margins = [{ kind: 'angular', margin: 0, branch: easyMargin ? 'easy' : 'linear' }] as const;
    super('MagFaceLoss', options, { criterion: 'softmax', scale, margins }, null);
    this.settings = settings;
  }

  override forward(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D | tf.Tensor2D,
    context?: LossContext,
  ): LossStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    const { lowerNorm, upperNorm, lowerMargin, upperMargin, regularizerWeight } = this.settings;
    const slope = (upperMargin - lowerMargin) / (upperNorm - lowerNorm);
    return makeStep((hold) => {
      const norms = rowNorms(embeddings);
      const within = (compute: (norm: tf.Tensor) => tf.Tensor, derivative: (norm: tf.Tensor) => tf.Tensor) =>
        ofClippedNorms(norms, [lowerNorm, upperNorm], compute, derivative);
      const angle = within(
        (norm) => tf.add(tf.mul(tf.sub(norm, lowerNorm), slope), lowerMargin),
        (norm) => tf.fill(norm.shape, slope),
      );
      const regularizers = within(
        (norm) => tf.add(tf.div(norm, upperNorm ** 2), tf.reciprocal(norm)),
        (norm) => tf.sub(1 / upperNorm ** 2, tf.reciprocal(tf.square(norm))),
      );
      const { loss, rowLosses } = this.score(embeddings, checked, hold, { context, rowMargins: { angle } });
      return {
        loss: weightedSum([loss, meanOf(regularizers)], [1, regularizerWeight]),
        rowLosses: stopGradient<tf.Tensor1D>(() =>
          tf.add(rowLosses, tf.mul(regularizers, regularizerWeight)),
        ),
      };
    });
  }
}

/** Returns a function of the norms, clipped to a range, without a gradient outside; `[batch]`. */
function ofClippedNorms(
  norms: tf.Tensor1D,
  [lower, upper]: readonly [number, number],
  compute: (norm: tf.Tensor) => tf.Tensor,
  derivative: (norm: tf.Tensor) => tf.Tensor,
): tf.Tensor1D {
  return operation<tf.Tensor1D>(
    [norms],
    () => {
      const clipped = tf.clipByValue(norms, lower, upper);
      const inside = tf.cast(tf.equal(clipped, norms), 'float32');
      return { value: compute(clipped) as tf.Tensor1D, saved: [tf.mul(derivative(clipped), inside)] };
    },
    (dy, [slope]) => [tf.mul(dy, slope as tf.Tensor1D)],
  );
}

/** Returns the mean of `[batch]` numbers, with a gradient that plain tfjs-core lacks. */
function meanOf(values: tf.Tensor1D): tf.Scalar {
  return operation<tf.Scalar>(
    [values],
    () => ({ value: tf.mean(values) as tf.Scalar }),
    (dy) => [tf.mul(tf.onesLike(values), tf.div(dy, values.size))],
  );
}
