import {
  CombinedLoss,
  ConfigError,
  checkChoice,
  checkNumber,
  type LossConfig,
  type OpenSetLoss,
} from '@openset/core';
import type { SampleToSampleOptions } from './sample-to-sample-loss.ts';
import { UssLoss } from './uss-loss.ts';

/** Options of `UniTSFaceLoss`: those of its USS part, and how the parts are put together. */
export interface UniTSFaceLossOptions extends SampleToSampleOptions {
  /** The sample-to-class loss: CosFace in the paper; any loss over the same classes. Taken over. */
  readonly classLoss: OpenSetLoss;
  /** `'sum'` (default, official code) or `'mean'` (paper: "algorithmic average"). */
  readonly combination?: 'sum' | 'mean';
  /**
   * First epoch in which USS counts, counted from 1; default 2 (official code: the first epoch trains the class loss and
   * fills the memory).
   */
  readonly startEpoch?: number;
  /** Whether the class loss goes on when USS has started; default true. `false`: USS alone (`combine=False`). */
  readonly classLossAfterStart?: boolean;
}

/**
 * UniTSFace: a sample-to-class loss and USS together. Its threshold is the one of USS, between two embeddings. State
 * tensors: `classLoss.*` and `uss.*`.
 */
export class UniTSFaceLoss extends CombinedLoss {
  override readonly name = 'UniTSFaceLoss';
  private readonly ownConfig: Omit<UniTSFaceLossOptions, 'classLoss'>;

  constructor(options: UniTSFaceLossOptions) {
    const {
      classLoss,
      combination = 'sum',
      startEpoch = 2,
      classLossAfterStart = true,
      ...ussOptions
    } = options;
    // Before USS makes its variables.
    checkNumber('startEpoch', startEpoch, { minimum: 1, integer: true });
    checkChoice('combination', combination, ['sum', 'mean']);
    if (!classLossAfterStart && startEpoch === 1) {
      throw new ConfigError(
        'With startEpoch 1 and classLossAfterStart false the class loss never counts: use UssLoss.',
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
