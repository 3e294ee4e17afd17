import {
  ClassWeightsLoss,
  ConfigError,
  classWeightsLossOptions,
  describeLoss,
  type OpenSetLoss,
  resolveLossOptions,
  suitableStrength,
  uniformValues,
} from '@openset/core';
import { fill, reshape, type Tensor1D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { type BceOptions, bceBankOptions, bceOptions } from './bce-options.ts';

/** Options of `BceDiverseLoss`. */
export interface BceDiverseLossOptions extends BceOptions {
  /**
   * Initial value of all biases, or a list with one value per class. Default: `log(10 · numClasses · negativeSampleRate)` if
   * `normalized` (official code of UniFace's BCE head), else random in `U(±1 / √embeddingSize)` (mode 0 of the classification head).
   */
  readonly biasInit?: number | readonly number[];
}

/** The descriptor of `BceDiverseLoss`. */
export const bceDiverseDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'BceDiverseLoss',
  package: '@openset/bce-unified',
  summary: 'binary cross-entropy with one bias per class',
  use: 'as a control with one threshold per class',
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
      defaultText: '`log(10 N r)`; `U(±1/√d)` if not normalised',
      description: 'initial value of all biases, or a list with one value per class',
    },
    ...classWeightsLossOptions,
  },
  create: (options: BceDiverseLossOptions): OpenSetLoss => new BceDiverseLoss(options),
  conformance: [
    { options: { scale: 16 } },
    { name: 'W·x − b', options: { normalized: false }, normalized: false },
  ],
  fixtures: { 'bce-diverse': ({ scale, margin }) => ({ scale, margin }) },
}));

/**
 * Binary cross-entropy with one bias per class, L_bce-d of "Rediscovering BCE Loss for Uniform Classification" (arXiv
 * 2403.07289): `softplus(b_y − z_y) + λ Σ_{j≠y} softplus(z_j − b_j)`, mean over the batch. Each class learns its own
 * threshold, so `threshold()` is null. Accepts soft targets `[batch, numClasses]` if the margin is 0.
 */
export class BceDiverseLoss extends ClassWeightsLoss {
  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: BceDiverseLossOptions) {
    const resolved = resolveLossOptions(bceDiverseDescriptor, options);
    const { numClasses, embeddingSize, normalized, seed, negativeSampleRate } = resolved;
    const { biasInit = normalized ? Math.log(10 * numClasses * negativeSampleRate) : undefined } = resolved;
    if (typeof biasInit === 'object' && biasInit.length !== numClasses) {
      throw new ConfigError(
        `BceDiverseLoss: biasInit must be a number or a list of ${numClasses}, but is a list of ${biasInit.length}.`,
      );
    }
    super('BceDiverseLoss', options, bceBankOptions(resolved), () => {
      if (biasInit === undefined) return uniformBias(numClasses, embeddingSize, seed);
      return typeof biasInit === 'number' ? fill([numClasses], biasInit) : tensor1d([...biasInit]);
    });
  }
}

function uniformBias(numClasses: number, embeddingSize: number, seed: number): Tensor1D {
  const spread = 1 / Math.sqrt(embeddingSize);
  // The weights are drawn from `seed`, so the biases use the next one.
  return tidy(() => reshape(uniformValues([numClasses, 1], spread, seed + 1), [numClasses]));
}
