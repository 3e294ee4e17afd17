import {
  CombinedLoss,
  ConfigError,
  describeLoss,
  type LossConfig,
  type OpenSetLoss,
  resolveLossOptions,
  suitableStrength,
} from '@openset/core';
import { biasedSampleOptions, type SampleToSampleOptions } from './sample-to-sample-loss.ts';
import { UssLoss } from './uss-loss.ts';

/** Options of `UniTSFaceLoss`: those of its USS part, and how to combine it with the class loss. */
export interface UniTSFaceLossOptions extends SampleToSampleOptions {
  /** The sample-to-class loss, any loss over the same classes; CosFace in the paper. `dispose()` disposes of it. */
  readonly classLoss: OpenSetLoss;
  /** Sum or mean of both parts: `'sum'` (default, official code) or `'mean'` (paper: "algorithmic average"). */
  readonly combination?: 'sum' | 'mean';
  /**
   * First epoch in which USS counts, counted from 1; default 2. In the official code, the first epoch trains the class loss
   * and fills the memory.
   */
  readonly startEpoch?: number;
  /** Whether the class loss still counts once USS has started; default true. `false` is `combine=False` in the official code. */
  readonly classLossAfterStart?: boolean;
}

/** The descriptor of `UniTSFaceLoss`. */
export const uniTSFaceDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'UniTSFaceLoss',
  package: '@openset/uss',
  summary:
    'UniTSFace: a class loss (CosFace in the paper) plus USS, with a unified threshold between two embeddings',
  use: 'for verification (recommended)',
  source: 'UniTSFace, NeurIPS 2023, arXiv 2311.02523',
  threshold: 'embeddings',
  hasClassWeights: false,
  words: {
    unitsface: {
      options: (numIdentities) => {
        const { scale, margin } = suitableStrength(numIdentities);
        return { scale, margin: 0.1, classLoss: { loss: 'CosFaceLoss', scale, margin } };
      },
    },
  },
  options: {
    classLoss: { type: 'loss', required: true, description: 'loss over class weights, CosFace in the paper' },
    combination: {
      type: 'choice',
      choices: ['sum', 'mean'],
      default: 'sum',
      description: 'sum (official code) or mean (paper) of both parts',
    },
    startEpoch: {
      type: 'number',
      integer: true,
      minimum: 1,
      default: 2,
      description: 'epoch, counted from 1, in which USS starts; before, only its memory is filled',
    },
    classLossAfterStart: {
      type: 'boolean',
      default: true,
      description: 'whether the class loss still counts once USS has started',
    },
    ...biasedSampleOptions,
  },
  suitableStartEpoch: (epochs) => (epochs < 4 ? 1 : 2),
  create: (options: UniTSFaceLossOptions): OpenSetLoss => new UniTSFaceLoss(options),
  conformance: [
    { options: { scale: 16 }, epoch: 1 },
    { name: 'mean', options: { scale: 16, combination: 'mean' }, epoch: 1 },
  ],
}));

/**
 * UniTSFace (NeurIPS 2023, arXiv 2311.02523): a sample-to-class loss plus USS. `threshold()` is that of USS, between two
 * embeddings. The state tensors are `classLoss.*` and `uss.*`.
 */
export class UniTSFaceLoss extends CombinedLoss {
  override readonly name = 'UniTSFaceLoss';
  private readonly ownConfig: Omit<UniTSFaceLossOptions, 'classLoss'>;

  /** @throws ConfigError for an option that is missing, unknown or out of range, or a class loss that never counts */
  constructor(options: UniTSFaceLossOptions) {
    const resolved = resolveLossOptions(uniTSFaceDescriptor, options);
    const { classLoss, combination, startEpoch, classLossAfterStart, ...ussOptions } = resolved;
    if (!classLossAfterStart && startEpoch === 1) {
      throw new ConfigError(
        'UniTSFaceLoss: with startEpoch 1 and classLossAfterStart false, the class loss never counts. Use UssLoss instead.',
      );
    }
    super(
      {
        classLoss: { loss: classLoss, ...(classLossAfterStart ? {} : { endEpoch: startEpoch - 1 }) },
        uss: { loss: new UssLoss(ussOptions), startEpoch },
      },
      { combination, thresholdFrom: 'uss' },
    );
    const { classLoss: _, ...ownConfig } = options;
    this.ownConfig = ownConfig;
  }

  override getConfig(): LossConfig {
    return { ...this.ownConfig, loss: this.name, classLoss: this.parts.get('classLoss')?.loss.getConfig() };
  }
}
