import type { LearnedThreshold } from '@openset/core';
import type { OptionChange, SkippedCheckpoint } from '../checkpoints/checkpoint.ts';
import type { StepTimeline } from '../parallel/step-timeline.ts';
import type { StepTiming } from './step-clock.ts';

/** Position of a run. */
export interface RunPosition {
  /** Number of optimizer steps done since the beginning of the run, in all processes. */
  readonly step: number;
  /** Epoch of the last step, counted from 0; in the first event, epoch of the next step. */
  readonly epoch: number;
}

/** The first event, before the first step. */
export interface StartEvent extends RunPosition {
  readonly kind: 'start';
  /** Name of the checkpoint that the run resumed from; null for a new run. */
  readonly resumedFrom: string | null;
  /** Damaged checkpoints that are newer. */
  readonly skipped: readonly SkippedCheckpoint[];
  /** Options that differ from the checkpoint's: the run differs from the uninterrupted one. */
  readonly changes: readonly OptionChange[];
  /** Number of steps in an epoch; null if the source does not report it. */
  readonly stepsPerEpoch: number | null;
  /** Number of steps at the end of the run; null if unknown. */
  readonly totalSteps: number | null;
  /** Number of epochs at the end of the run; null if `steps` sets its length. */
  readonly totalEpochs: number | null;
}

/** A step is done. */
export interface StepEvent extends RunPosition {
  readonly kind: 'step';
  /** Loss of the batch before the step; null if it was not read (see `readEvery`). */
  readonly loss: number | null;
  /** Norm of all gradients together before clipping; null if the loss is. */
  readonly gradientNorm: number | null;
  /** Learning rate of the step. */
  readonly learningRate: number;
  /** Learned threshold so far; null if the loss learns none, or if it was not read. */
  readonly threshold: LearnedThreshold | null;
  /** Number of images of this step in all micro-batches. */
  readonly images: number;
  /** Duration of the step, including the wait for its images. */
  readonly seconds: number;
  /** Where that time went; null on GPUs, which work while the program continues. */
  readonly timing: StepTiming | null;
}

/** What the ranks of a data-parallel run did in a step; follows the event of the step. */
export interface TimelineEvent extends RunPosition, StepTimeline {
  readonly kind: 'timeline';
}

/** How fast the ranks of a data-parallel run compute: after the first 10 steps of a process, then after every 50. */
export interface RanksEvent extends RunPosition {
  readonly kind: 'ranks';
  /**
   * Images per second of each rank, by rank, since the last such event, without the time that the rank waited for others. NaN for a rank
   * without images; JSON has null.
   */
  readonly imagesPerSecond: readonly number[];
}

/** An epoch is done. */
export interface EpochEvent extends RunPosition {
  readonly kind: 'epoch';
  /** Mean loss over the images of the epoch. */
  readonly loss: number;
  /** Learned threshold at the end of the epoch; null if the loss learns none. */
  readonly threshold: LearnedThreshold | null;
  /** Number of images of the epoch. */
  readonly images: number;
}

/** An evaluation is done. */
export interface EvaluationEvent extends RunPosition {
  readonly kind: 'evaluation';
  /** NaN for a metric without a value; JSON has null. */
  readonly values: Readonly<Record<string, number>>;
  /** Why metrics have no value, by name; missing if all have one. */
  readonly reasons?: Readonly<Record<string, string>>;
  /** Whether it is the best so far; null if no metric decides. */
  readonly isBest: boolean | null;
  /** Duration of the evaluation. */
  readonly seconds: number;
}

/** A checkpoint is saved. */
export interface CheckpointEvent extends RunPosition {
  readonly kind: 'checkpoint';
  /** Name in its store, such as a folder's path. */
  readonly name: string;
  /** Whether it holds the weights with the best evaluation so far. */
  readonly isBest: boolean;
}

/** The last event of a run that `signal` stopped; it is saved if there is a store. */
export interface StoppedEvent extends RunPosition {
  readonly kind: 'stopped';
}

/** The last event of a completed run. */
export interface FinishedEvent extends RunPosition {
  readonly kind: 'finished';
}

/** An event of a `Trainer`. */
export type TrainingEvent =
  | StartEvent
  | StepEvent
  | TimelineEvent
  | RanksEvent
  | EpochEvent
  | EvaluationEvent
  | CheckpointEvent
  | StoppedEvent
  | FinishedEvent;
