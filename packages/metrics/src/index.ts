export { accuracyAt, type ThresholdAccuracy } from './accuracy-at.ts';
export { areaUnderCurve } from './area-under-curve.ts';
export { type BestAccuracy, bestAccuracy } from './best-accuracy.ts';
export { type BootstrapInterval, bootstrapInterval } from './bootstrap-interval.ts';
export { cosineSimilarities, pairSimilarities } from './cosine-similarities.ts';
export { type EqualErrorRate, equalErrorRate } from './equal-error-rate.ts';
export { type Histogram, histogram } from './histogram.ts';
export { type KFoldVerification, kFoldVerification } from './k-fold-verification.ts';
export { MetricsError } from './metrics-error.ts';
export { type RocCurve, rocCurve } from './roc-curve.ts';
export { type SampledPairs, samplePairs } from './sample-pairs.ts';
export { type FarRule, type OperatingPoint, operatingPoint, tarAtFar } from './tar-at-far.ts';
export type { ThresholdInterval } from './threshold-interval.ts';
export {
  type UniformClassification,
  uniformAccuracyAt,
  uniformClassification,
} from './uniform-classification.ts';
