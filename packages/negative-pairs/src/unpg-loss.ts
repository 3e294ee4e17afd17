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
  scaleOption,
  suitableStrength,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { noPair, selectNegativePairs } from './select-negative-pairs.ts';

/** Options of `UnpgLoss`. */
export interface UnpgLossOptions extends ClassWeightsLossOptions {
  /** s, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m, at least 0: of a cosine, or an angle in radians; default 0.4. */
  readonly margin?: number;
  /** Kind of the margin: `'cosine'` (default, over CosFace) or `'angular'` (over ArcFace). */
  readonly marginType?: 'cosine' | 'angular';
  /** ω, at least 0: pairs beyond the quartiles by more than ω times their distance are left out; default 1.5. */
  readonly whisker?: number;
}

/** The descriptor of `UnpgLoss`. */
export const unpgDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'UnpgLoss',
  package: '@openset/negative-pairs',
  summary: 'UNPG: CosFace or ArcFace whose negatives include the pairs of different people in the batch',
  use: 'for verification, with large batches',
  source: 'Jung et al. 2022 (CVPR Workshops), arXiv 2203.11593; models/ in its code',
  threshold: null,
  hasClassWeights: true,
  words: { unpg: { options: (numIdentities) => suitableStrength(numIdentities) } },
  options: {
    scale: scaleOption,
    margin: {
      type: 'number',
      minimum: 0,
      default: 0.4,
      symbol: 'm',
      description: 'margin of the target class',
    },
    marginType: {
      type: 'choice',
      choices: ['cosine', 'angular'],
      default: 'cosine',
      description: 'kind of the margin; an angle is in radians',
    },
    whisker: {
      type: 'number',
      minimum: 0,
      default: 1.5,
      symbol: 'ω',
      description: 'how far beyond their quartiles the cosines of pairs may lie, in quartile distances',
    },
    ...classWeightsLossOptions,
  },
  create: (options: UnpgLossOptions): OpenSetLoss => new UnpgLoss(options),
  conformance: [
    { options: { scale: 16, whisker: 100 } },
    { name: 'angular', options: { scale: 16, whisker: 100, marginType: 'angular' } },
  ],
  fixtures: {
    'unpg-cosface': (config) => config,
    'unpg-arcface': (config) => ({ ...config, marginType: 'angular' }),
  },
}));

/**
 * Unified negative pair generation (UNPG, Jung et al. 2022, arXiv 2203.11593): softmax cross-entropy with a margin, in which each
 * sample's negatives are the other classes and all pairs of different people in the batch, without those that are far too easy
 * or far too hard. Mean over the batch. A batch of one class has no such pair; the loss is then that of CosFace or ArcFace.
 */
export class UnpgLoss extends ClassWeightsLoss {
  private readonly whisker: number;

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: UnpgLossOptions) {
    const { scale, margin, marginType, whisker } = resolveLossOptions(unpgDescriptor, options);
    super(
      'UnpgLoss',
      options,
      { criterion: 'softmax', scale, margins: [{ kind: marginType, margin }] },
      null,
    );
    this.whisker = whisker;
  }

  override forward(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D | tf.Tensor2D,
    context?: LossContext,
  ): LossStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    return makeStep((hold) =>
      this.score(embeddings, checked, hold, {
        context,
        outsideNegatives: selectNegativePairs(embeddings, checked, this.whisker),
      }),
    );
  }

  /**
   * Returns `extraNegatives`: the cosines of the pairs that count, in ascending order; and `negativePairs`: the number of pairs of
   * different people in the batch.
   */
  async inspect(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D,
  ): Promise<{ extraNegatives: number[]; negativePairs: number[] }> {
    const pairs = tf.tidy(() => selectNegativePairs(embeddings, labels, this.whisker));
    const [values, classes, rows] = await Promise.all([
      pairs.data<'float32'>(),
      labels.data(),
      embeddings.data<'float32'>(),
    ]);
    pairs.dispose();
    const [batch, size] = embeddings.shape;
    const row = (index: number) => rows.subarray(index * size, (index + 1) * size);
    const extraNegatives = [...values.keys()]
      .filter((place) => values[place]! > noPair)
      .map((place) => cosineOf(row(Math.floor(place / batch)), row(place % batch)))
      .sort((a, b) => a - b);
    let negativePairs = 0;
    classes.forEach((label, row) => {
      for (let other = row + 1; other < classes.length; other++)
        if (classes[other] !== label) negativePairs++;
    });
    return { extraNegatives, negativePairs: [negativePairs] };
  }
}

/** Returns a cosine in float64: one near 0 has few digits in float32. */
function cosineOf(a: Float32Array, b: Float32Array): number {
  const product = a.reduce((sum, value, index) => sum + value * b[index]!, 0);
  // The bound of the norms is that of normalizeRows.
  return product / (Math.max(Math.hypot(...a), 1e-5) * Math.max(Math.hypot(...b), 1e-5));
}
