import { type BankLossOptions, ClassWeightsLoss } from '@openset/core';
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

/**
 * Softmax cross-entropy without a margin: NormFace, and with `normalized: false` ordinary softmax classification,
 * the baseline of the BCE paper. Also takes soft targets `[batch, numClasses]`.
 */
export class SoftmaxLoss extends ClassWeightsLoss {
  constructor(options: SoftmaxLossOptions) {
    const { normalized = true, scale, bias = 'none', labelSmoothing } = options;
    super(
      'SoftmaxLoss',
      options,
      {
        criterion: 'softmax',
        similarity: normalized ? 'cosine' : 'dot',
        ...(scale === undefined ? {} : { scale }),
        ...(labelSmoothing === undefined ? {} : { labelSmoothing }),
      },
      bias === 'diverse' ? () => zeros([options.numClasses]) : null,
    );
  }
}
