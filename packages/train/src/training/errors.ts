import { epochNumber, OpenSetError } from '@openset/core';

/** The place of a run at which something went wrong, and where it can go on. */
export interface FailureDetails {
  /** The step that was being made, counted from 1. */
  readonly step: number;
  /** Counted from 0; the message counts from 1. */
  readonly epoch: number;
  /** The numbers of the samples in their set; empty if the source does not tell them. */
  readonly indices: readonly number[];
  /** The last good checkpoint, as its store calls it (a folder's path); null if there is none yet. */
  readonly lastCheckpoint: string | null;
}

/** A batch cannot be trained on: labels out of range, for example. No weight has been changed by it. */
export class BatchError extends OpenSetError implements FailureDetails {
  override readonly name: string = 'BatchError';
  readonly step: number;
  readonly epoch: number;
  readonly indices: readonly number[];
  readonly lastCheckpoint: string | null;

  constructor(message: string, place: FailureDetails, options?: ErrorOptions) {
    const { step, epoch, indices, lastCheckpoint } = place;
    const samples = indices.length > 0 ? `, samples ${abbreviate(indices)}` : '';
    super(
      `Step ${step} (epoch ${epochNumber(epoch)}${samples}): ${message} ${resumeHint(lastCheckpoint)}`,
      options,
    );
    this.step = step;
    this.epoch = epoch;
    this.indices = indices;
    this.lastCheckpoint = lastCheckpoint;
  }
}

/** The loss, the embeddings or the gradients of a batch are NaN or infinite: the network diverged, or its input is damaged. */
export class NonFiniteError extends BatchError {
  override readonly name = 'NonFiniteError';
}

/** A checkpoint cannot be written, or none of those that exist can be read. */
export class CheckpointError extends OpenSetError {
  override readonly name = 'CheckpointError';
  /** The last good checkpoint, as its store calls it; null if there is none. */
  readonly lastCheckpoint: string | null;

  constructor(message: string, lastCheckpoint: string | null, options?: ErrorOptions) {
    super(message, options);
    this.lastCheckpoint = lastCheckpoint;
  }
}

/** A sentence that names the last good checkpoint. */
export function resumeHint(lastCheckpoint: string | null): string {
  return lastCheckpoint === null
    ? 'There is no checkpoint yet.'
    : `The last good checkpoint is ${lastCheckpoint}.`;
}

function abbreviate(indices: readonly number[]): string {
  const shown = indices.slice(0, 8).join(', ');
  return indices.length > 8 ? `${shown}, … (${indices.length} in all)` : shown;
}
