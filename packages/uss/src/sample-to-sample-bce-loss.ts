import { SampleToSampleLoss, type SampleToSampleOptions } from './sample-to-sample-loss.ts';

/**
 * Sample-to-sample BCE, L_bce of UniTSFace (eq. 22): like USS with a bias, and so a threshold `t_j = b_j / γ`, for
 * each class; there is no unified one.
 */
export class SampleToSampleBceLoss extends SampleToSampleLoss {
  constructor(options: SampleToSampleOptions) {
    super('SampleToSampleBceLoss', options, options.numClasses);
  }
}
