import type { LearnedThreshold } from '@openset/core';
import type { OptionChange, SkippedCheckpoint } from '../checkpoints/checkpoint.ts';

/** Where the run stands. */
export interface RunPosition {
  /** Optimizer steps done, since the beginning of the run and not of this process. */
  readonly step: number;
  /** From 0: the epoch of the last step; in the first event that of the next one. */
  readonly epoch: number;
}

/** The first event: everything is in place. */
export interface StartEvent extends RunPosition {
  readonly kind: 'start';
  /** The checkpoint from which the run goes on; null for a new run. */
  readonly resumedFrom: string | null;
  /** Newer checkpoints that are damaged. */
  readonly skipped: readonly SkippedCheckpoint[];
  /** Options that are not what they were when that checkpoint was saved: the run is not what it would have been. */
  readonly changes: readonly OptionChange[];
  /** Null where the source does not tell it. */
  readonly stepsPerEpoch: number | null;
  /** At the end of the run; null where it is not known. */
  readonly totalSteps: number | null;
  /** Epochs at the end of the run; null for a run of so many steps. */
  readonly totalEpochs: number | null;
}

/** A step was made. */
export interface StepEvent extends RunPosition {
  readonly kind: 'step';
  /** Of the batch, before the step; null where it was not read (see `readEvery`). */
  readonly loss: number | null;
  /** Norm of all gradients together, before clipping; null like the loss. */
  readonly gradientNorm: number | null;
  readonly learningRate: number;
  /** What the loss has learned so far; null for a loss that learns no threshold, or where it was not read. */
  readonly threshold: LearnedThreshold | null;
  /** Images of this step, all micro-batches together. */
  readonly images: number;
  /** What the step took, the wait for its images included. */
  readonly seconds: number;
}

/** An epoch is complete. */
export interface EpochEvent extends RunPosition {
  readonly kind: 'epoch';
  /** Mean over the images of the epoch. */
  readonly loss: number;
  readonly threshold: LearnedThreshold | null;
  readonly images: number;
}

/** An evaluation was made. */
export interface EvaluationEvent extends RunPosition {
  readonly kind: 'evaluation';
  readonly values: Readonly<Record<string, number>>;
  /** Whether it is the best so far; null where nothing says what is best. */
  readonly isBest: boolean | null;
  readonly seconds: number;
}

/** A checkpoint was saved. */
export interface CheckpointEvent extends RunPosition {
  readonly kind: 'checkpoint';
  /** As its store calls it: a folder's path. */
  readonly name: string;
  /** Whether it holds the weights with the best evaluation so far. */
  readonly isBest: boolean;
}

/** The last event of a run that `signal` stopped; a checkpoint was saved where there is a store. */
export interface StoppedEvent extends RunPosition {
  readonly kind: 'stopped';
}

/** The last event of a run that is complete. */
export interface FinishedEvent extends RunPosition {
  readonly kind: 'finished';
}

/** What a `Trainer` tells. */
export type TrainingEvent =
  | StartEvent
  | StepEvent
  | EpochEvent
  | EvaluationEvent
  | CheckpointEvent
  | StoppedEvent
  | FinishedEvent;
