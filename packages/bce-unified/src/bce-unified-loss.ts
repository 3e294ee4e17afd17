import {
  ClassWeightsLoss,
  classWeightsLossOptions,
  describeLoss,
  type LearnedThreshold,
  type OpenSetLoss,
  pairSampling,
  resolveLossOptions,
  suitableStrength,
  unifiedThreshold,
} from '@openset/core';
import { type Tensor1D, tensor1d, type Variable } from '@tensorflow/tfjs-core';
import { type BceOptions, bceBankOptions, bceOptions } from './bce-options.ts';

/** Options of `BceUnifiedLoss`. */
export interface BceUnifiedLossOptions extends BceOptions {
  /**
   * Initial value of the bias. Default: `log(10 · numClasses · negativeSampleRate)` if `normalized` (official code of
   * UniFace), else 0.
   */
  readonly biasInit?: number;
  /**
   * How `negativeSampleRate` draws negatives. `'shared'` (default, official code): all rows use the same `⌊r · numClasses⌋`
   * classes, those of the batch and random others, which cuts the time of the loss to about r. `'independent'` (paper, eq. 32):
   * each negative pair is kept with probability r.
   */
  readonly negativeSampling?: 'shared' | 'independent';
  /**
   * Formula of the threshold. `'bias'` (default): `t = b / scale` (UniFace eq. 24–30 and all code).
   * `'bias-minus-log-classes'`: `t = (b − log(numClasses − 1)) / scale` (UniFace eq. 23).
   */
  readonly thresholdReading?: 'bias' | 'bias-minus-log-classes';
}

/** The descriptor of `BceUnifiedLoss`. */
export const bceUnifiedDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'BceUnifiedLoss',
  package: '@openset/bce-unified',
  summary: 'binary cross-entropy with one unified bias, a learned threshold between embedding and class',
  use: 'when a sample belongs to one of the training classes, or to none of them',
  source: 'Rediscovering BCE Loss, arXiv 2403.07289, L_bce-u; UniFace, ICCV 2023',
  threshold: 'embedding and class',
  hasClassWeights: true,
  words: {
    'bce-unified': { options: (numIdentities) => suitableStrength(numIdentities) },
    uniface: {
      summary: "UniFace: `bce-unified` with the negative weight 0.7, as in most of UniFace's runs",
      options: (numIdentities) => ({ ...suitableStrength(numIdentities), negativeWeight: 0.7 }),
    },
  },
  options: {
    ...bceOptions,
    biasInit: {
      type: 'number',
      symbol: 'b',
      defaultText: '`log(10 N r)`; 0 if not normalised',
      description: 'initial value of the bias',
    },
    negativeSampling: {
      type: 'choice',
      choices: ['shared', 'independent'],
      default: 'shared',
      description:
        '`shared`: the same classes for all rows (official code); `independent`: each negative pair with probability r (paper)',
    },
    thresholdReading: {
      type: 'choice',
      choices: ['bias', 'bias-minus-log-classes'],
      default: 'bias',
      description:
        'formula of the threshold: `b / s`; with `bias-minus-log-classes`, `(b − log(N − 1)) / s` (UniFace eq. 23)',
    },
    ...classWeightsLossOptions,
  },
  create: (options: BceUnifiedLossOptions): OpenSetLoss => new BceUnifiedLoss(options),
  conformance: [
    { options: { scale: 16, biasInit: 4, negativeWeight: 0.7 } },
    {
      name: 'W·x − b',
      options: { normalized: false, labelSmoothing: 0.1, biasInit: 0.5 },
      normalized: false,
    },
  ],
  fixtures: { 'bce-unified': ({ scale, margin }) => ({ scale, margin }) },
}));

/**
 * Binary cross-entropy with one unified bias: L_bce-u of "Rediscovering BCE Loss for Uniform Classification" (arXiv
 * 2403.07289). Its normalised form is the UCE loss of UniFace (ICCV 2023, eq. 23, 31, 32):
 *
 * `softplus(b − s(c_y − m)) + λ Σ_{j≠y} softplus(s c_j − b)`, mean over the batch.
 *
 * The optimizer trains the bias b together with the weights. `b / s` is the cosine that separates an embedding's own class
 * from all others. Accepts soft targets `[batch, numClasses]` if the margin is 0 and no negatives are sampled.
 */
export class BceUnifiedLoss extends ClassWeightsLoss {
  private readonly thresholdReading: 'bias' | 'bias-minus-log-classes';
  /** Weight of the negatives of an embedding against that of its positive, at `b / s`; null if targets are smoothed. */
  private readonly comparisons: number | null;
  private readonly negativeSampling: 'shared' | 'independent';

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: BceUnifiedLossOptions) {
    const resolved = resolveLossOptions(bceUnifiedDescriptor, options);
    const { numClasses, normalized, negativeSampleRate, negativeSampling, thresholdReading } = resolved;
    const start = resolved.biasInit ?? (normalized ? Math.log(10 * numClasses * negativeSampleRate) : 0);
    super('BceUnifiedLoss', options, bceBankOptions(resolved), () => tensor1d([start]));
    this.thresholdReading = thresholdReading;
    this.comparisons =
      resolved.labelSmoothing > 0 ? null : resolved.negativeWeight * countNegatives(resolved);
    this.negativeSampling = negativeSampling;
  }

  /**
   * Returns the cosine of `thresholdReading`, between an embedding and a class weight; null unless `normalized`. `b / s` answers a
   * search among all N classes: an embedding is compared with its own class and `λ r (N − 1)` weighted others. `pairThreshold`
   * of core converts it to other questions, unless targets are smoothed. With shared negatives this assumes that a batch has at
   * most `⌊r · numClasses⌋` images.
   */
  override threshold(): LearnedThreshold | null {
    if (this.bankOptions.similarity === 'dot') return null;
    const scale = this.bankOptions.scale as number;
    const between = 'embedding and class';
    const learned = unifiedThreshold(this.bias as Variable, {
      scale,
      between,
      comparisons: this.comparisons,
    });
    if (this.thresholdReading === 'bias') return learned;
    // Without the prior of N − 1 other classes (UniFace eq. 23).
    const others = Math.max(1, this.numClasses - 1);
    const { cosine, comparisons } = learned;
    return {
      ...learned,
      cosine: cosine - Math.log(others) / scale,
      ...(comparisons !== undefined && { comparisons: comparisons / others }),
    };
  }

  protected override drawNegatives(
    labels: Tensor1D,
    seed: number,
  ): ReturnType<ClassWeightsLoss['drawNegatives']> {
    if (this.negativeSampling === 'shared') return super.drawNegatives(labels, seed);
    return {
      options: { ...this.bankOptions, pairSampling: pairSampling({ rate: this.negativeSampleRate, seed }) },
    };
  }
}

/** Returns the number of negatives of an embedding that take part in a batch, on average. */
function countNegatives({
  numClasses,
  negativeSampleRate: rate,
  negativeSampling,
}: Required<Pick<BceUnifiedLossOptions, 'numClasses' | 'negativeSampleRate' | 'negativeSampling'>>): number {
  return rate < 1 && negativeSampling === 'shared'
    ? Math.floor(rate * numClasses) - 1
    : rate * (numClasses - 1);
}
