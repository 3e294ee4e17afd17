export { ArcFaceLoss, type ArcFaceLossOptions, arcFaceDescriptor } from './arcface-loss.ts';
export {
  CombinedMarginLoss,
  type CombinedMarginLossOptions,
  combinedMarginDescriptor,
} from './combined-margin-loss.ts';
export { CosFaceLoss, type CosFaceLossOptions, cosFaceDescriptor } from './cosface-loss.ts';
export { SoftmaxLoss, type SoftmaxLossOptions, softmaxDescriptor } from './softmax-loss.ts';
export {
  SubCenterArcFaceLoss,
  type SubCenterArcFaceLossOptions,
  subCenterArcFaceDescriptor,
} from './subcenter-arcface-loss.ts';
