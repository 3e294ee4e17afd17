export { SampleToSampleBceLoss, sampleToSampleBceDescriptor } from './sample-to-sample-bce-loss.ts';
export { SampleToSampleLoss, type SampleToSampleOptions } from './sample-to-sample-loss.ts';
export {
  SampleToSampleSoftmaxLoss,
  type SampleToSampleSoftmaxOptions,
  sampleToSampleSoftmaxDescriptor,
} from './sample-to-sample-softmax-loss.ts';
export { UniTSFaceLoss, type UniTSFaceLossOptions, uniTSFaceDescriptor } from './unitsface-loss.ts';
export { UssLoss, ussDescriptor } from './uss-loss.ts';
