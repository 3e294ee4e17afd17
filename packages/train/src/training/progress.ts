import type { BatchPosition } from './batch-source.ts';
import type { EvaluationRecord } from './evaluation.ts';

/** Progress of a run as plain JSON; part of every checkpoint. */
export interface Progress {
  /** Number of optimizer steps done. */
  readonly step: number;
  /** Number of epochs done. */
  readonly epoch: number;
  /** Epoch of the last step, counted from 0; later events report it. */
  readonly lastEpoch: number;
  /** Position of the next batch. */
  readonly next: BatchPosition;
  /** Images of the current epoch so far. */
  readonly epochImages: number;
  /** Sum of the losses of these images. */
  readonly epochLoss: number;
  /** Whether the run stopped before an evaluation that was due. */
  readonly evaluationDue: boolean;
  /** Finished evaluations, in order. */
  readonly evaluations: readonly EvaluationRecord[];
  /** Best evaluation so far, with the highest score. `measure` is the rule, such as `max accuracy`. */
  readonly best: {
    readonly step: number;
    readonly epoch: number;
    readonly score: number;
    readonly measure: string;
  } | null;
}

/** Progress of a new run. */
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
