import { BceDiverseLoss, BceUnifiedLoss } from '@openset/bce-unified';
import { EplLoss } from '@openset/epl';
import { ArcFaceLoss, CombinedMarginLoss, CosFaceLoss, SoftmaxLoss } from '@openset/margin';
import { SampleToSampleBceLoss, SampleToSampleSoftmaxLoss, UniTSFaceLoss, UssLoss } from '@openset/uss';

/** Every loss, by the name in its config. */
export const losses = {
  ArcFaceLoss,
  BceDiverseLoss,
  BceUnifiedLoss,
  CombinedMarginLoss,
  CosFaceLoss,
  EplLoss,
  SampleToSampleBceLoss,
  SampleToSampleSoftmaxLoss,
  SoftmaxLoss,
  UniTSFaceLoss,
  UssLoss,
};
