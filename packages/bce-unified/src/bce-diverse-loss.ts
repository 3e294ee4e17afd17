import {
  bankLossOptions,
  ClassWeightsLoss,
  type LossDescriptor,
  type OpenSetLoss,
  resolveLossOptions,
  suitableStrength,
  uniformValues,
} from '@openset/core';
import { reshape, type Tensor1D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { type BceOptions, bceBankOptions, bceOptions, initialBiasValues } from './bce-options.ts';

/** Options of `BceDiverseLoss`. */
export interface BceDiverseLossOptions extends BceOptions {
  /**
   * Where the biases start: one number, or one for each class. Default: `log(10 · numClasses)` normalised
   * (official code of UniFace's BCE head), else `U(±1 / √embeddingSize)` (the classification head's mode 0).
   */
  readonly biasInit?: number | readonly number[];
}

/** The descriptor of `BceDiverseLoss`. */
export const bceDiverseDescriptor = {
  name: 'BceDiverseLoss',
  package: '@openset/bce-unified',
  summary: 'binary cross-entropy with one bias for each class',
  use: 'to compare: one threshold for each class',
  source: 'Rediscovering BCE Loss, arXiv 2403.07289, L_bce-d',
  threshold: null,
  hasClassWeights: true,
  words: { 'bce-diverse': { options: (numIdentities) => suitableStrength(numIdentities) } },
  options: {
    ...bceOptions,
    biasInit: {
      type: 'number',
      list: true,
      symbol: 'b',
      defaultText: '`log(10 N)`; `U(±1/√d)` if not normalised',
      description: 'initial value of all biases, or a list of one for each class',
    },
    ...bankLossOptions,
  },
  create: (options: BceDiverseLossOptions): OpenSetLoss => new BceDiverseLoss(options),
  conformance: [
    { options: { scale: 16 } },
    { name: 'W·x − b', options: { normalized: false }, normalized: false },
  ],
  fixtures: { 'bce-diverse': ({ scale, margin }) => ({ scale, margin }) },
} as const satisfies LossDescriptor;

/**
 * Binary cross-entropy with one bias per class, L_bce-d: `softplus(b_y − z_y) + λ Σ_{j≠y} softplus(z_j − b_j)`.
 * Each class learns a threshold of its own, so there is no unified one. Also takes soft targets
 * `[batch, numClasses]` where the margin is 0.
 */
export class BceDiverseLoss extends ClassWeightsLoss {
  constructor(options: BceDiverseLossOptions) {
    const resolved = resolveLossOptions(bceDiverseDescriptor, options);
    const { numClasses, embeddingSize, normalized, biasInit, seed } = resolved;
    const fallback = normalized ? Math.log(10 * numClasses) : null;
    const start = biasInit ?? fallback;
    const values = start === null ? null : initialBiasValues(start, numClasses);
    super('BceDiverseLoss', options, bceBankOptions(options), () =>
      values ? tensor1d(values) : evenBias(numClasses, embeddingSize, seed),
    );
  }
}

function evenBias(numClasses: number, embeddingSize: number, seed: number): Tensor1D {
  // A seed of its own: the weights are drawn from `seed`.
  return tidy(() =>
    reshape(uniformValues([numClasses, 1], 1 / Math.sqrt(embeddingSize), seed + 1), [numClasses]),
  );
}
