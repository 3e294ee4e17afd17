import {
  type BankLossOptions,
  type BankOptions,
  ConfigError,
  logitClipOption,
  negativeWeightOption,
  type OptionDescriptors,
} from '@openset/core';

/** Options of both losses of this package. */
export interface BceOptions extends BankLossOptions {
  /** `true` (default): cosines times `scale`. `false`: `W·x − b`, the classification form of the BCE paper. */
  readonly normalized?: boolean;
  /** γ or s; default 64 normalised, else 1. */
  readonly scale?: number;
  /** m, subtracted from the similarity with the own class; default 0.4 normalised (official code), else 0. */
  readonly margin?: number;
  /** λ, weight of the negative terms; default 1. 0.7 in most of UniFace's runs. */
  readonly negativeWeight?: number;
  /** ε in `[0, 1]`: targets become `(1 − ε) t + ε / numClasses`; default 0. */
  readonly labelSmoothing?: number;
  /**
   * Clips the logits to ± this, with no gradient outside, as the official code does (± scale normalised, ± 256
   * not) to guard its exponentials; default none, since nothing overflows here.
   */
  readonly logitClip?: number;
}

/** The descriptors of these options, without those of `BankLossOptions`. */
export const bceOptions = {
  normalized: {
    type: 'boolean',
    default: true,
    description: 'cosines times scale; `false`: plain classification, `W·x − b`',
  },
  scale: {
    type: 'number',
    above: 0,
    symbol: 's, γ',
    defaultText: '64; 1 if not normalised',
    description: 'factor of the similarities',
  },
  margin: {
    type: 'number',
    symbol: 'm',
    defaultText: '0.4; 0 if not normalised',
    description: 'margin subtracted from the similarity with the own class; 0 in the BCE paper',
  },
  negativeWeight: negativeWeightOption,
  labelSmoothing: {
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0,
    symbol: 'ε',
    description: 'targets become `(1 − ε) t + ε / N`',
  },
  logitClip: logitClipOption,
} as const satisfies OptionDescriptors;

/** The point in core's algebra that the options name. */
export function bceBankOptions(options: BceOptions): BankOptions {
  const {
    normalized = true,
    margin = normalized ? 0.4 : 0,
    negativeWeight,
    labelSmoothing,
    logitClip,
  } = options;
  return {
    criterion: 'bce',
    similarity: normalized ? 'cosine' : 'dot',
    scale: options.scale ?? (normalized ? 64 : 1),
    margins: margin === 0 ? [] : [{ kind: 'cosine', margin }],
    ...(negativeWeight === undefined ? {} : { negativeWeight }),
    ...(labelSmoothing === undefined ? {} : { labelSmoothing }),
    logitClip,
  };
}

/** The values a bias starts with. @throws ConfigError if their number or one of them is unusable */
export function initialBiasValues(given: number | readonly number[], count: number): Float32Array {
  const values = typeof given === 'number' ? new Float32Array(count).fill(given) : Float32Array.from(given);
  if (values.length !== count || !values.every(Number.isFinite)) {
    throw new ConfigError(
      `biasInit must be a finite number or ${count} of them, but is ${String(given).slice(0, 80)}.`,
    );
  }
  return values;
}
