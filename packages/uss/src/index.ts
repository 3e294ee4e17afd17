export { SampleToSampleBceLoss } from './sample-to-sample-bce-loss.ts';
export { SampleToSampleLoss, type SampleToSampleOptions } from './sample-to-sample-loss.ts';
export { SampleToSampleSoftmaxLoss } from './sample-to-sample-softmax-loss.ts';
export { UniTSFaceLoss, type UniTSFaceLossOptions } from './unitsface-loss.ts';
export { UssLoss } from './uss-loss.ts';
