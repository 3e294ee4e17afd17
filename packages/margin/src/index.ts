export { ArcFaceLoss, type ArcFaceLossOptions } from './arcface-loss.ts';
export { CombinedMarginLoss, type CombinedMarginLossOptions } from './combined-margin-loss.ts';
export { CosFaceLoss, type CosFaceLossOptions } from './cosface-loss.ts';
export { SoftmaxLoss, type SoftmaxLossOptions } from './softmax-loss.ts';
