import {
  angularMargin,
  angularMarginOption,
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  describeLoss,
  type LossContext,
  type MarginBranch,
  marginBranchOption,
  normalizeRows,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  softmaxCriterion,
  suitableStrength,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { measureSubCenters, type SubCenterUse } from './sub-centers.ts';

/** Options of `SubCenterArcFaceLoss`. */
export interface SubCenterArcFaceLossOptions extends ClassWeightsLossOptions {
  /** s, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m in radians, in `[0, π]`, added to the angle to the target class; default 0.5. */
  readonly margin?: number;
  /** K, at least 1: centers of each class; 1 is ArcFace; default 3. */
  readonly subCenters?: number;
  /** Angle in degrees, in `[0, 180]`, beyond which `inspect` calls a sample an outlier of its class; default 75. */
  readonly outlierDegrees?: number;
  /** Behaviour where `cos(θ + m)` stops being monotonic; default `'linear'`, `cos θ − m sin m`. The authors' own code: `'none'`. */
  readonly branch?: MarginBranch;
}

/** The descriptor of `SubCenterArcFaceLoss`. */
export const subCenterArcFaceDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'SubCenterArcFaceLoss',
  package: '@openset/margin',
  summary:
    'sub-center ArcFace: several centers for each class, so that wrong labels gather at centers of their own',
  use: 'when labels are noisy, and to find the wrong ones',
  source: 'Deng et al. 2020 (ECCV), Sub-center ArcFace; SubCenterArcFaceLoss of pytorch-metric-learning',
  threshold: null,
  hasClassWeights: true,
  words: {
    'subcenter-arcface': {
      options: (numIdentities) => ({ scale: suitableStrength(numIdentities).scale, margin: 0.3 }),
    },
  },
  options: {
    scale: scaleOption,
    margin: { ...angularMarginOption, default: 0.5 },
    subCenters: {
      type: 'number',
      integer: true,
      minimum: 1,
      default: 3,
      symbol: 'K',
      description: 'centers of each class; 1 is ArcFace',
    },
    outlierDegrees: {
      type: 'number',
      minimum: 0,
      maximum: 180,
      default: 75,
      description: 'angle to the dominant center beyond which a sample is an outlier',
    },
    branch: { ...marginBranchOption, default: 'linear' },
    ...classWeightsLossOptions,
  },
  create: (options: SubCenterArcFaceLossOptions): OpenSetLoss => new SubCenterArcFaceLoss(options),
  conformance: [{ options: { scale: 16 } }, { name: 'one center', options: { scale: 16, subCenters: 1 } }],
  fixtures: { 'subcenter-arcface': (config) => config },
}));

/**
 * Sub-center ArcFace (Deng et al. 2020): ArcFace with K centers for each class. The one most similar to a sample scores and gets the
 * gradient. Rows `jK … jK + K − 1` of `weight` are the centers of class j. Softmax cross-entropy, mean over the batch.
 */
export class SubCenterArcFaceLoss extends ClassWeightsLoss {
  private readonly outlierDegrees: number;

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: SubCenterArcFaceLossOptions) {
    const resolved = resolveLossOptions(subCenterArcFaceDescriptor, options);
    const { scale, margin, branch, subCenters, outlierDegrees } = resolved;
    const margins = [angularMargin({ margin, branch })];
    const bankOptions = { criterion: softmaxCriterion, scale, margins, centers: subCenters } as const;
    super('SubCenterArcFaceLoss', options, bankOptions, null);
    this.outlierDegrees = outlierDegrees;
  }

  /**
   * Returns `chosenSubCenters` `[batch · numClasses]`: the center of each class that is most similar to each sample;
   * `dominantSubCenters` `[numClasses]`: the center that most samples of the class chose, −1 for a class without samples; and
   * `outliers`: the rows of the batch beyond `outlierDegrees` of the dominant center of their class. Give it all images of some
   * people to clean their labels. It computes all cosines at once.
   */
  async inspect(embeddings: tf.Tensor2D, labels: tf.Tensor1D, context?: LossContext): Promise<SubCenterUse> {
    const measure = (checked: tf.Tensor1D) => {
      const [rows, centers] = [embeddings, this.weight as tf.Tensor2D].map(
        (each) => normalizeRows(each).unit,
      );
      return { cosines: tf.matMul(rows!, centers!, false, true), classes: checked };
    };
    const { cosines, classes } = await this.readFromBatch(embeddings, labels, context, measure);
    const { numClasses, outlierDegrees } = this;
    return measureSubCenters(cosines, classes, {
      numClasses,
      centers: this.bankOptions.centers,
      outlierDegrees,
    });
  }
}
