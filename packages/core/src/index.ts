export { type AdaptiveMargin, adaptiveMargin } from './adaptive-margin.ts';
export { type AngularMargin, angularMargin, type MarginBranch } from './angular-margin.ts';
export type { Backbone, BackboneConfig, BackboneForwardOptions, InferenceNetwork } from './backbone.ts';
export type { FinalGradients } from './backward-pass.ts';
export {
  type BackendEngine,
  type BankLossKernelConfig,
  cosineBankLossKernel,
  cosineBankUpdateKernel,
} from './bank-loss-kernel.ts';
export { memoryBankLoss } from './bank-loss-operation.ts';
export type { BankInputs, BankMixture, BankOptions, ResolvedBankOptions } from './bank-options.ts';
export {
  type AdamWRule,
  type BlockOptimizer,
  type BlockUpdate,
  isBlockOptimizer,
  type PendingUpdate,
  PendingUpdates,
  type SgdRule,
  type UpdateRule,
  type WeightedLoss,
} from './bank-update.ts';
export {
  type BatchStatisticsExchange,
  batchStatisticsExchange,
  withBatchStatistics,
} from './batch-statistics.ts';
export { bceCriterion } from './bce-criterion.ts';
export { checkFiniteWeight } from './check-finite-weight.ts';
export {
  type ClassShard,
  copyShard,
  meanOfShards,
  type RowRange,
  rowsOfLabels,
  type ShardRows,
  shardOf,
} from './class-shard.ts';
export { type BatchInputs, ClassWeightsLoss, type ClassWeightsLossOptions } from './class-weights-loss.ts';
export {
  CombinedLoss,
  type CombinedLossOptions,
  type CombinedPart,
  combinedLossDescriptor,
} from './combined-loss.ts';
export { consecutivePart, type PartRange } from './consecutive-part.ts';
export type {
  LearnedThreshold,
  LossConfig,
  LossContext,
  LossStep,
  OpenSetLoss,
  StateStep,
} from './contract.ts';
export { cosineBankLoss, cosineBankLossWithRows } from './cosine-bank-loss.ts';
export { type CosineMargin, cosineMargin } from './cosine-margin.ts';
export { createLoss, type LossSizes } from './create-loss.ts';
export type { BatchLogits, Criterion, CriterionOptions, GradientSink, LogitBlock } from './criterion.ts';
export { deriveLayerSeed, deriveSeed, deriveStepSeed } from './derive-seed.ts';
export {
  type BackendDescription,
  describeBackend,
  hasKernel,
  type KernelPresence,
  requireKernels,
} from './describe-backend.ts';
export { type EmbedImagesOptions, embedImages } from './embed-images.ts';
export type { EmbeddingEngine, ImageBatchShape } from './embedding-engine.ts';
export {
  ConfigError,
  checkChoice,
  checkNumber,
  DataError,
  EngineError,
  type ErrorAdvice,
  MissingKernelError,
  OpenSetError,
  type OpenSetErrorOptions,
  OutOfMemoryError,
  ShapeError,
  shapeText,
  WorkerError,
} from './errors.ts';
export { type FaceCrop, faceCropProblem } from './face-crop.ts';
export { filterNegatives } from './filter-negatives.ts';
export { type HardNegativesMap, hardNegativesMap } from './hard-negatives-map.ts';
export { heldRows } from './held-rows.ts';
export {
  biasRow,
  findPlanKernel,
  type InferencePlan,
  type MapShape,
  type PlanStep,
  type PlanWindow,
  prepareFilterKernel,
  type RunPlanKernelConfig,
  runPlanKernel,
} from './inference-plan.ts';
export { normalValues, randomNumbers, uniformValues } from './initial-values.ts';
export { type KernelNeeds, lossKernels } from './kernel-needs.ts';
export {
  type BooleanOption,
  type ChoiceOption,
  type ConformanceCase,
  describeLoss,
  findDescriptor,
  isLossConfig,
  isLossDescriptor,
  type LossDescriptor,
  type LossOptions,
  type LossWord,
  type NestedLossOption,
  type NumberOption,
  type OptionDescriptor,
  type OptionDescriptors,
  type PartsOption,
  type TextOption,
} from './loss-descriptor.ts';
export { type LossGradients, type LossGradientsOptions, lossGradients } from './loss-gradients.ts';
export type { HardThreshold, MapFunctions, MappedSimilarities } from './map-functions.ts';
export type { MarginFunctions, MarginInputs, MarginStep, RowMargins } from './margin.ts';
export { marginOfType } from './margin-of-type.ts';
export { applyMargins, type Margin, type MarginResult } from './margins.ts';
export { meanNegativeLogSumExp } from './mean-negative-log-sum-exp.ts';
export { minimize } from './minimize.ts';
export { didYouMean, nearestWord } from './nearest-word.ts';
export { type NegativeLimitMap, negativeLimitMap } from './negative-limit-map.ts';
export { type NegativeMargin, negativeMargin } from './negative-margin.ts';
export { minimumNorm, type NormalizedRows, normalizeRows } from './normalize-rows.ts';
export { pairCosines, pairDifferences } from './pair-cosines.ts';
export { type PairSampling, pairSampling } from './pair-mask.ts';
export { type PairThresholdOptions, pairThreshold } from './pair-threshold.ts';
export { type PowerMap, powerMap } from './power-map.ts';
export type { RankSum, Ranks, RankValues, TravelSpan } from './ranks.ts';
export { readThreshold } from './read-threshold.ts';
export { type RecordedEmbeddings, recordEmbeddings } from './record-embeddings.ts';
export { resolveBankOptions } from './resolve-bank-options.ts';
export { resolveLossOptions } from './resolve-loss-options.ts';
export {
  decodeSafetensors,
  decodeSafetensorsHeader,
  decodeState,
  encodeSafetensors,
  encodeState,
  type PlainTensor,
  type SafetensorsFile,
  type SafetensorsPlace,
  type SafetensorsType,
  safetensorsHeaderEnd,
} from './safetensors.ts';
export { sampleClasses } from './sample-classes.ts';
export type { SecondBank } from './second-bank.ts';
export { isSharded, shardLoss } from './shard-loss.ts';
export { shardedLossGradients } from './sharded-loss-gradients.ts';
export {
  angularMarginOption,
  bankLossOptions,
  classWeightsLossOptions,
  cosineMarginOption,
  eitherMarginOption,
  labelSmoothingOption,
  logitClipOption,
  marginBranchOption,
  marginGradientOption,
  marginTypeOption,
  negativeWeightOption,
  normalizedOption,
  scaleOption,
  similarityScaleOption,
  sizeOptions,
  statisticsMomentumOption,
  suitableStrength,
} from './shared-loss-options.ts';
export type { SimilarityMap } from './similarity-map.ts';
export { softmaxCriterion } from './softmax-criterion.ts';
export { isSplitBackbone, type SplitBackbone } from './split-backbone.ts';
export { epochNumber, hasStarted } from './start-epoch.ts';
export {
  type BankLossOptions,
  type Hold,
  type InitialRows,
  makeStateStep,
  makeStep,
  StatefulLoss,
} from './stateful-loss.ts';
export { computesInJavaScript, hasSynchronousReads, isShared, memoryOf, overwriteTensor } from './storage.ts';
export { streamedBankLoss } from './streamed-bank-loss.ts';
export { operation, stopGradient, weightedSum } from './tape.ts';
export { targetCosines } from './target-cosines.ts';
export { checkQuestion, questionProblem, type ThresholdQuestion } from './threshold-question.ts';
export { type UnifiedBias, unifiedThreshold } from './unified-threshold.ts';
export { assignRows, firstWithSameLabel, withRows, writeRows } from './write-rows.ts';
export type { WrongGradient } from './wrong-gradients.ts';
