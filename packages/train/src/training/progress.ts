import type { BatchPosition } from './batch-source.ts';
import type { EvaluationRecord } from './evaluation.ts';

/** How far a run has come: plain JSON, part of every checkpoint. */
export interface Progress {
  /** Optimizer steps done. */
  readonly step: number;
  /** Epochs done. */
  readonly epoch: number;
  /** Of the last step; what events after it tell. */
  readonly lastEpoch: number;
  /** The batch that comes next. */
  readonly next: BatchPosition;
  /** Of the epoch under way: images seen, and the sum of their losses. */
  readonly epochImages: number;
  readonly epochLoss: number;
  /** Whether the run was stopped before an evaluation whose time had come. */
  readonly evaluationDue: boolean;
  readonly evaluations: readonly EvaluationRecord[];
  /** The best evaluation so far; more is better. `measure` says by which number: `max accuracy`. */
  readonly best: {
    readonly step: number;
    readonly epoch: number;
    readonly score: number;
    readonly measure: string;
  } | null;
}

/** A run that has not begun. */
export const initialProgress: Progress = {
  step: 0,
  epoch: 0,
  lastEpoch: 0,
  next: { epoch: 0, batch: 0 },
  epochImages: 0,
  epochLoss: 0,
  evaluationDue: false,
  evaluations: [],
  best: null,
};
