import {
  type BankOptions,
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  ConfigError,
  classWeightsLossOptions,
  describeLoss,
  type LearnedThreshold,
  type OpenSetLoss,
  operation,
  resolveLossOptions,
  scaleOption,
  suitableStrength,
} from '@openset/core';
import { neg, type Rank, type Tensor1D, tensor1d, type Variable } from '@tensorflow/tfjs-core';

/** Options of `SphereFace2Loss`. The defaults are those of the official code. */
export interface SphereFace2LossOptions extends ClassWeightsLossOptions {
  /** r, the factor of the similarities, above 0; default 40. */
  readonly scale?: number;
  /** m, at least 0: of a cosine, an angle in radians, or a factor of the angle from 1 on (`marginType`); default 0.4. */
  readonly margin?: number;
  /** Kind of the margin: SphereFace2-C (default), -A and -M. */
  readonly marginType?: 'cosine' | 'angular' | 'multiplicative';
  /** t, at least 1: exponent of the map of the similarities; default 3. */
  readonly exponent?: number;
  /** λ in `(0, 1)`: weight of the positive term; that of the negatives is 1 − λ; default 0.7. */
  readonly positiveWeight?: number;
  /** ω, above 0: the loss is multiplied by ω / scale; default 50. */
  readonly lossWeight?: number;
  /**
   * `'detached'` (default, official code): the gradient of the plain cosine. `'exact'`: that of map and margin, with margins on the
   * angles of the negatives too (wespeaker), `marginType` cosine or angular.
   */
  readonly gradient?: 'detached' | 'exact';
  /** Initial value of the bias b, which is added to the logits; default: as in the official code, or 0 with `gradient: 'exact'`. */
  readonly biasInit?: number;
}

/** The descriptor of `SphereFace2Loss`. */
export const sphereFace2Descriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'SphereFace2Loss',
  package: '@openset/sphereface2',
  summary: 'SphereFace2: binary classification with one bias, on similarities that a power spreads',
  use: 'when training pairs should look like test pairs, with one bias for all classes',
  source: 'Wen et al. 2022, arXiv 2108.01513; sphereface2.py of opensphere',
  threshold: 'embedding and class',
  hasClassWeights: true,
  words: {
    sphereface2: {
      options: (numIdentities) => ({ scale: suitableStrength(numIdentities).scale, margin: 0.2 }),
    },
  },
  options: {
    scale: { ...scaleOption, default: 40, symbol: 'r' },
    margin: {
      type: 'number',
      minimum: 0,
      default: 0.4,
      symbol: 'm',
      description: 'margin; see `marginType`',
    },
    marginType: {
      type: 'choice',
      choices: ['cosine', 'angular', 'multiplicative'],
      default: 'cosine',
      description:
        'margin on the cosines of all classes, on the angle of the target class, or a factor of it',
    },
    exponent: { type: 'number', minimum: 1, default: 3, symbol: 't', description: 'exponent of the map' },
    positiveWeight: {
      type: 'number',
      above: 0,
      maximum: 1,
      default: 0.7,
      symbol: 'λ',
      description: 'weight of the positive term; that of the negatives is 1 − λ',
    },
    lossWeight: {
      type: 'number',
      above: 0,
      default: 50,
      symbol: 'ω',
      description: 'the loss is multiplied by ω / r',
    },
    gradient: {
      type: 'choice',
      choices: ['detached', 'exact'],
      default: 'detached',
      description: '`detached`: gradient of the plain cosine (official code); `exact`: of map and margin',
    },
    biasInit: {
      type: 'number',
      symbol: 'b',
      defaultText: 'official code',
      description: 'initial value of the bias',
    },
    ...classWeightsLossOptions,
  },
  create: (options: SphereFace2LossOptions): OpenSetLoss => new SphereFace2Loss(options),
  // The default stops gradients, which finite differences cannot check; reference values do.
  conformance: [
    { name: 'exact', options: { scale: 16, margin: 0.2, gradient: 'exact', lossWeight: 16 } },
    { name: 'exact, angular', options: { scale: 16, margin: 0.2, marginType: 'angular', gradient: 'exact' } },
  ],
  fixtures: {
    sphereface2: (config) => config,
    'sphereface2-exact': (config) => ({ ...config, gradient: 'exact', lossWeight: config.scale }),
  },
}));

/**
 * SphereFace2 (Wen et al. 2022, arXiv 2108.01513). With `g(c) = 2((c + 1) / 2)^t − 1`, v the mapped similarities with margins, and one
 * trained bias b:
 *
 * `ω / r · [λ softplus(−(r v_y + b)) + (1 − λ) Σ_{j≠y} softplus(r v_j + b)]`, mean over the batch.
 *
 * The official code replaces the stored weights by their unit vectors at each step. Here they stay as they are, and the
 * normalisation is part of the gradient.
 */
export class SphereFace2Loss extends ClassWeightsLoss {
  private readonly exponent: number;

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: SphereFace2LossOptions) {
    const resolved = resolveLossOptions(sphereFace2Descriptor, options);
    const { gradient, biasInit = gradient === 'exact' ? 0 : initialBias(resolved) } = resolved;
    super('SphereFace2Loss', options, bankOptionsOf(resolved), () => tensor1d([biasInit]));
    this.exponent = resolved.exponent;
  }

  /** Returns the cosine between an embedding and a class weight at which the logit is 0, without margins. */
  override threshold(): LearnedThreshold {
    const similarity = -(this.bias as Variable).dataSync()[0]! / this.bankOptions.scale;
    const half = Math.min(Math.max((similarity + 1) / 2, 0), 1);
    return { cosine: 2 * half ** (1 / this.exponent) - 1, between: 'embedding and class' };
  }

  protected override subtractedBias(): Tensor1D {
    const bias = this.bias as Variable<Rank.R1>;
    return operation<Tensor1D>(
      [bias],
      () => ({ value: neg(bias) }),
      (dy) => [neg(dy)],
    );
  }
}

type Resolved = SphereFace2LossOptions &
  Required<
    Pick<
      SphereFace2LossOptions,
      | 'scale'
      | 'margin'
      | 'marginType'
      | 'exponent'
      | 'positiveWeight'
      | 'lossWeight'
      | 'gradient'
      | 'negativeSampleRate'
    >
  >;

function bankOptionsOf(options: Resolved): BankOptions {
  const { scale, margin, marginType, exponent, positiveWeight, lossWeight, gradient } = options;
  if (gradient === 'exact' && marginType === 'multiplicative') {
    throw new ConfigError(
      "SphereFace2Loss: gradient 'exact' is defined for marginType 'cosine' and 'angular', but it is 'multiplicative'.",
    );
  }
  const shared = {
    criterion: 'bce',
    scale,
    similarityMap: { kind: 'power', exponent, gradient },
    negativeWeight: (1 - positiveWeight) / positiveWeight,
    weight: (positiveWeight * lossWeight) / scale,
  } as const;
  if (marginType === 'cosine') {
    return { ...shared, margins: [{ kind: 'cosine', margin }], negativeMargin: { cosine: margin } };
  }
  if (gradient === 'exact') {
    const margins = [{ kind: 'angular', margin, branch: 'continuous' }] as const;
    return { ...shared, margins, negativeMargin: { angle: margin } };
  }
  const angle = marginType === 'angular' ? { margin } : { margin: 0, factor: margin };
  const margins = [{ kind: 'angular', ...angle, branch: 'clamp', angleLimit: 1e-5 }] as const;
  return { ...shared, margins, cosineLimit: 1 - 1e-5 };
}

/** Returns the bias at which embeddings that are orthogonal to all classes have the smallest loss (sphereface2.py). */
function initialBias(options: Resolved): number {
  const {
    numClasses,
    negativeSampleRate: rate,
    scale,
    margin,
    marginType,
    exponent,
    positiveWeight,
  } = options;
  const map = (cosine: number) => 2 * ((cosine + 1) / 2) ** exponent - 1;
  const own = { cosine: 0, angular: Math.PI / 2 + margin, multiplicative: (margin * Math.PI) / 2 }[
    marginType
  ];
  const shift = marginType === 'cosine' ? margin : 0;
  const negative = scale * (map(0) + shift);
  const positive = scale * (marginType === 'cosine' ? map(0) - shift : map(Math.cos(Math.min(Math.PI, own))));
  const odds = positiveWeight / ((1 - positiveWeight) * Math.max(1, Math.floor(rate * numClasses) - 1));
  const root = Math.sqrt((1 - odds) ** 2 + 4 * odds * Math.exp(positive - negative));
  return Math.log(2 * odds) - negative - Math.log(1 - odds + root);
}
