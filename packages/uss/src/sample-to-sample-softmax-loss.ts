import { SampleToSampleLoss, type SampleToSampleOptions } from './sample-to-sample-loss.ts';

/**
 * Sample-to-sample softmax, L_soft of UniTSFace (eq. 17, with the margin on the positive): softmax cross-entropy of
 * the cosines with the samples in memory; close to the (N+1)-tuplet loss. Learns no threshold.
 */
export class SampleToSampleSoftmaxLoss extends SampleToSampleLoss {
  constructor(options: Omit<SampleToSampleOptions, 'biasInit' | 'logitClip'>) {
    super('SampleToSampleSoftmaxLoss', options, null);
  }
}
