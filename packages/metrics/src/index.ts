export { accuracyAt, type ThresholdAccuracy } from './accuracy-at.ts';
export {
  type AllPairsOptions,
  type AllPairsVerification,
  allPairsTarAtFar,
  crossPairsTarAtFar,
} from './all-pairs-tar-at-far.ts';
export { areaUnderCurve } from './area-under-curve.ts';
export { type BestAccuracy, bestAccuracy } from './best-accuracy.ts';
export { type BlockProduct, plainBlockProduct } from './block-product.ts';
export { type BootstrapInterval, bootstrapInterval } from './bootstrap-interval.ts';
export { type BinnedPairs, bootstrapPairs, type PairsOfPeople } from './bootstrap-pairs.ts';
export { type CalibratedThreshold, calibrateThreshold } from './calibrate-threshold.ts';
export type { CalibrationRange } from './calibration-range.ts';
export { cmcCurve, rankAccuracy } from './cmc-curve.ts';
export { compareThreshold, type ThresholdComparison } from './compare-threshold.ts';
export { cosineSimilarities, pairSimilarities } from './cosine-similarities.ts';
export { type DetCurve, detCurve } from './det-curve.ts';
export { dirAtFar, type IdentificationPoint } from './dir-at-far.ts';
export { type EqualErrorRate, equalErrorRate } from './equal-error-rate.ts';
export {
  estimateGalleries,
  type GalleryEstimate,
  type GalleryEstimateOptions,
} from './estimate-galleries.ts';
export { type ExactKFoldVerification, exactKFoldVerification } from './exact-k-fold-verification.ts';
export type { FoldAccuracies } from './folds.ts';
export { falseAlarmRates, type GalleryRate, type GalleryRates, galleryRates } from './gallery-rates.ts';
export { type GalleryScores, type GalleryScoresOptions, galleryScores } from './gallery-scores.ts';
export { type GalleryPromise, galleryThreshold } from './gallery-threshold.ts';
export { type GroupRates, type GroupRatesOptions, groupRates } from './group-rates.ts';
export { type Histogram, histogram } from './histogram.ts';
export {
  type IdentityThreshold,
  type IdentityThresholds,
  identityThresholds,
} from './identity-thresholds.ts';
export { type KFoldVerification, kFoldVerification } from './k-fold-verification.ts';
export { matchProbeEmbeddings, type ProbeEmbeddings } from './match-probe-embeddings.ts';
export { matchProbes, type ProbeMatches } from './match-probes.ts';
export { type MegaFaceResult, type MegaFaceTest, megaFaceProtocol } from './mega-face.ts';
export { MetricsError } from './metrics-error.ts';
export { normalDeviate } from './normal-deviate.ts';
export {
  type ClassUtility,
  type InconsistencyOptions,
  type OperatingPointInconsistency,
  operatingPointInconsistency,
} from './operating-point-inconsistency.ts';
export { peopleNeeded } from './people-needed.ts';
export {
  type LogisticCurve,
  logisticProbability,
  type PlattCalibration,
  plattCalibration,
} from './platt-calibration.ts';
export type { RateOverPeople } from './rate-over-people.ts';
export { type RocCurve, rocCurve } from './roc-curve.ts';
export { type IdentityScores, sampleIdentityScores } from './sample-identity-scores.ts';
export { type SampledPairs, samplePairs } from './sample-pairs.ts';
export type { SearchScores } from './search-model.ts';
export { type FarRule, type OperatingPoint, operatingPoint, tarAtFar } from './tar-at-far.ts';
export {
  type TemplateEmbeddings,
  type TemplateImages,
  type TemplateVerification,
  templateEmbeddings,
  templateVerification,
} from './templates.ts';
export type { ThresholdInterval } from './threshold-interval.ts';
export {
  type UniformClassification,
  uniformAccuracyAt,
  uniformClassification,
} from './uniform-classification.ts';
export { unitRows } from './unit-rows.ts';
