import {
  angularMargin,
  type BatchInputs,
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  ConfigError,
  classWeightsLossOptions,
  describeLoss,
  type Hold,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  softmaxCriterion,
  suitableStrength,
} from '@openset/core';
import type * as tf from '@tensorflow/tfjs-core';
import { addRowTerms, type MagnitudeRange, magnitudeMargins, magnitudeRegularizers } from './magnitude.ts';
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

const norm = { type: 'number', above: 0 } as const;
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
    lowerNorm: { ...norm, default: 10, symbol: 'l', description: 'norm of the lowest quality' },
    upperNorm: { ...norm, default: 110, symbol: 'u', description: 'norm of the highest quality' },
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
  private readonly settings: MagnitudeRange & { readonly regularizerWeight: number };

  /** @throws ConfigError for an option that is missing, unknown or out of range, or if `upperNorm` is not above `lowerNorm` */
  constructor(options: MagFaceLossOptions) {
    const { scale, easyMargin, ...settings } = resolveLossOptions(magFaceDescriptor, options);
    const { lowerNorm, upperNorm } = settings;
    if (upperNorm <= lowerNorm) {
      throw new ConfigError(
        `MagFaceLoss: upperNorm must be above lowerNorm ${lowerNorm}, but is ${upperNorm}.`,
      );
    }
    const margins = [angularMargin({ margin: 0, branch: easyMargin ? 'easy' : 'linear' })];
    super('MagFaceLoss', options, { criterion: softmaxCriterion, scale, margins }, null);
    this.settings = settings;
  }

  protected override batchInputs(embeddings: tf.Tensor2D): BatchInputs {
    return { rowMargins: { angle: magnitudeMargins(rowNorms(embeddings), this.settings) } };
  }

  protected override score(embeddings: tf.Tensor2D, labels: tf.Tensor1D, hold: Hold, inputs: BatchInputs) {
    const regularizers = magnitudeRegularizers(rowNorms(embeddings), this.settings);
    const scored = super.score(embeddings, labels, hold, inputs);
    return addRowTerms(scored, regularizers, this.settings.regularizerWeight);
  }
}
