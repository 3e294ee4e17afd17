export type {
  Checkpoint,
  CheckpointInfo,
  CheckpointStore,
  FoundCheckpoint,
  OptionChange,
  RunSettings,
  SkippedCheckpoint,
} from './checkpoints/checkpoint.ts';
export type { RowsOf } from './checkpoints/tensor-rows.ts';
export { type Logger, logEvents } from './logging/logger.ts';
export { AdamW, type AdamWOptions } from './optimizers/adamw.ts';
export { optimizerKernels } from './optimizers/optimizer-kernels.ts';
export { Sgd, type SgdOptions } from './optimizers/sgd.ts';
export {
  TrainingOptimizer,
  type TrainingOptimizerOptions,
  type VariableGradients,
  type VariableUpdate,
} from './optimizers/training-optimizer.ts';
export type { WeightDecayExclusion } from './optimizers/weight-decay.ts';
export { OtherRankError, onAllRanks, onFirstRank } from './parallel/agree.ts';
export type { StepTimeline, TimedPart } from './parallel/step-timeline.ts';
export type { Schedule, ScheduleOptions, SchedulePosition } from './schedules/schedule.ts';
export {
  constantSchedule,
  cosineSchedule,
  type DecayOptions,
  type MultiStepOptions,
  multiStepSchedule,
  type PolynomialOptions,
  polynomialSchedule,
} from './schedules/schedules.ts';
export {
  type BatchPosition,
  type BatchSource,
  type BatchTensors,
  type TrainingBatch,
  toTensors,
} from './training/batch-source.ts';
export type { Cadence } from './training/cadence.ts';
export { BatchError, CheckpointError, type FailureDetails, NonFiniteError } from './training/errors.ts';
export type {
  EvaluationContext,
  EvaluationMetrics,
  EvaluationOptions,
  EvaluationRecord,
} from './training/evaluation.ts';
export type {
  CheckpointEvent,
  EpochEvent,
  EvaluationEvent,
  FinishedEvent,
  RanksEvent,
  RunPosition,
  StartEvent,
  StepEvent,
  StoppedEvent,
  TimelineEvent,
  TrainingEvent,
} from './training/events.ts';
export type { Progress } from './training/progress.ts';
export type { StepTiming } from './training/step-clock.ts';
export { Trainer } from './training/trainer.ts';
export type { CheckpointOptions, TrainerOptions } from './training/trainer-options.ts';
export { WeightAverage, type WeightAverageOptions } from './training/weight-average.ts';
