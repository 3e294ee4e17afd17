import {
  type BankLossOptions,
  bankLossOptions,
  ClassWeightsLoss,
  type LossDescriptor,
  type OpenSetLoss,
  resolveLossOptions,
  suitableStrength,
} from '@openset/core';
import { zeros } from '@tensorflow/tfjs-core';

/** Options of `SoftmaxLoss`. */
export interface SoftmaxLossOptions extends BankLossOptions {
  /** `true` (default): cosines times `scale` (NormFace). `false`: plain `W·x − b`, ordinary classification. */
  readonly normalized?: boolean;
  /** s or γ; default 64 normalised, else 1. */
  readonly scale?: number;
  /** `'none'` (default) or one bias per class, `'diverse'`. A unified bias would cancel. */
  readonly bias?: 'none' | 'diverse';
  /** ε in `[0, 1]`; default 0. */
  readonly labelSmoothing?: number;
}

/** The descriptor of `SoftmaxLoss`. */
export const softmaxDescriptor = {
  name: 'SoftmaxLoss',
  package: '@openset/margin',
  summary: 'softmax without a margin: NormFace, or plain softmax classification',
  use: 'as the baseline',
  source: 'Wang et al. 2017 (NormFace), arXiv 1704.06369',
  threshold: null,
  hasClassWeights: true,
  words: { softmax: { options: (numIdentities) => ({ scale: suitableStrength(numIdentities).scale }) } },
  options: {
    normalized: {
      type: 'boolean',
      default: true,
      description: 'cosines times scale; `false`: plain classification, `W·x − b`',
    },
    scale: {
      type: 'number',
      above: 0,
      symbol: 's',
      defaultText: '64; 1 if not normalised',
      description: 'factor of the similarities',
    },
    bias: {
      type: 'choice',
      choices: ['none', 'diverse'],
      default: 'none',
      symbol: 'b',
      description: 'no bias, or one for each class; a unified bias would cancel',
    },
    labelSmoothing: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0,
      symbol: 'ε',
      description: 'targets become `(1 − ε) t + ε / N`',
    },
    ...bankLossOptions,
  },
  create: (options: SoftmaxLossOptions): OpenSetLoss => new SoftmaxLoss(options),
  conformance: [
    { options: { scale: 16 } },
    {
      name: 'W·x − b',
      options: { normalized: false, bias: 'diverse', labelSmoothing: 0.1 },
      normalized: false,
    },
  ],
} as const satisfies LossDescriptor;

/**
 * Softmax cross-entropy without a margin: NormFace, and with `normalized: false` ordinary softmax classification,
 * the baseline of the BCE paper. Also takes soft targets `[batch, numClasses]`.
 */
export class SoftmaxLoss extends ClassWeightsLoss {
  constructor(options: SoftmaxLossOptions) {
    const resolved = resolveLossOptions(softmaxDescriptor, options);
    const { normalized, scale, bias, labelSmoothing } = resolved;
    super(
      'SoftmaxLoss',
      options,
      {
        criterion: 'softmax',
        similarity: normalized ? 'cosine' : 'dot',
        ...(scale === undefined ? {} : { scale }),
        labelSmoothing,
      },
      bias === 'diverse' ? () => zeros([options.numClasses]) : null,
    );
  }
}
