export type { ThresholdQuestion } from '@openset/core';
export { bestMatchProbability } from './best-match-probability.ts';
export {
  type Calibration,
  calibrateProbabilities,
  type ScoredPairs,
  usableCalibration,
} from './calibration.ts';
export { describeCrop } from './describe-crop.ts';
export {
  type Candidate,
  Gallery,
  type GalleryOptions,
  type GalleryState,
  type Identification,
} from './gallery.ts';
export {
  type GallerySearch,
  type GalleryThreshold,
  gallerySearch,
  thresholdForGallery,
} from './gallery-thresholds.ts';
export {
  decodeModel,
  encodeModel,
  type ModelDescription,
  type ModelFile,
  type ThresholdSource,
} from './model-file.ts';
export {
  type CrossFitPart,
  crossFitThreshold,
  type EstimateOptions,
  estimateThreshold,
  type ImpostorScores,
  type ThresholdEstimate,
  thresholdOnCurve,
} from './threshold-estimate.ts';
export {
  describeQuestion,
  impliedQuestion,
  learnedQuestion,
  type ThresholdOrigin,
} from './threshold-question.ts';
export {
  type CalibrationOptions,
  type ImageBatch,
  type Verification,
  Verifier,
  type VerifierOptions,
} from './verifier.ts';
