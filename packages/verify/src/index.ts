export type { ThresholdQuestion } from '@openset/core';
export type { GalleryRate } from '@openset/metrics';
export { backboneEngine } from './backbone-engine.ts';
export { bestMatchProbability } from './best-match-probability.ts';
export {
  type Calibration,
  calibrateProbabilities,
  type ScoredPairs,
  usableCalibration,
} from './calibration.ts';
export { compareEngines, type EngineDifference, requireSameEmbeddings } from './check-engine.ts';
export { type ComparisonOptions, compareEmbeddings, type Verification } from './compare-embeddings.ts';
export {
  betweenEmbeddings,
  type DecidingSearch,
  type DecidingSource,
  type DecidingThreshold,
  type DescribedModel,
  type GivenThreshold,
  selectGalleryThreshold,
  selectPairThreshold,
} from './deciding-threshold.ts';
export { describeCrop, isSameCrop } from './describe-crop.ts';
export { unitEmbedding } from './embedding-rows.ts';
export {
  type GallerySearch,
  type GalleryThreshold,
  gallerySearch,
  thresholdForGallery,
} from './gallery-thresholds.ts';
export { mirrorImages } from './mirror-images.ts';
export {
  decodeModel,
  encodeModel,
  type ModelDescription,
  type ModelFile,
  type ThresholdSource,
} from './model-file.ts';
export { modelFingerprint } from './model-fingerprint.ts';
export { type OperatingPointEstimate, operatingPoints } from './operating-points.ts';
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
  Verifier,
  type VerifierOptions,
} from './verifier.ts';
