import {
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  describeLoss,
  eitherMarginOption,
  type LearnedThreshold,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  suitableStrength,
} from '@openset/core';
import { type Rank, type Tensor1D, tensor1d, type Variable } from '@tensorflow/tfjs-core';
import { type BinaryOptions, binaryBankOptions, initialBias, negate } from './binary-criterion.ts';

/** Options of `SphereFace2Loss`. The defaults are those of the official code. */
export interface SphereFace2LossOptions extends ClassWeightsLossOptions, Partial<BinaryOptions> {
  /** Initial value of the bias b, which is added to the logits; default: as in the official code, or 0 with `gradient: 'exact'`. */
  readonly biasInit?: number;
}

const positive = { type: 'number', above: 0 } as const;

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
    margin: { ...eitherMarginOption, default: 0.4, description: 'margin; see `marginType`' },
    marginType: {
      type: 'choice',
      choices: ['cosine', 'angular', 'multiplicative'],
      default: 'cosine',
      description:
        'margin on the cosines of all classes, on the angle of the target class, or a factor of it',
    },
    exponent: { type: 'number', minimum: 1, default: 3, symbol: 't', description: 'exponent of the map' },
    positiveWeight: {
      ...positive,
      below: 1,
      default: 0.7,
      symbol: 'λ',
      description: 'weight of the positive term; that of the negatives is 1 − λ',
    },
    lossWeight: { ...positive, default: 50, symbol: 'ω', description: 'the loss is multiplied by ω / r' },
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
  conformance: [
    { options: { scale: 16 }, stopsGradients: true },
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
    const { numClasses, negativeSampleRate, gradient } = resolved;
    const negatives = Math.floor(negativeSampleRate * numClasses) - 1;
    const { biasInit = gradient === 'exact' ? 0 : initialBias(resolved, negatives) } = resolved;
    super('SphereFace2Loss', options, binaryBankOptions(resolved), () => tensor1d([biasInit]));
    this.exponent = resolved.exponent;
  }

  /** Returns the cosine between an embedding and a class weight at which the logit is 0, without margins. */
  override threshold(): LearnedThreshold {
    const similarity = -(this.bias as Variable).dataSync()[0]! / this.bankOptions.scale;
    const half = Math.min(Math.max((similarity + 1) / 2, 0), 1);
    return { cosine: 2 * half ** (1 / this.exponent) - 1, between: 'embedding and class' };
  }

  protected override subtractedBias(): Tensor1D {
    return negate(this.bias as Variable<Rank.R1>);
  }
}
