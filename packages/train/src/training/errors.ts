import { epochNumber, OpenSetError, type OpenSetErrorOptions } from '@openset/core';

/** Position and batch of a failure, and the checkpoint to resume from. */
export interface FailureDetails {
  /** The failed step, counted from 1. */
  readonly step: number;
  /** Epoch, counted from 0; the message counts from 1. */
  readonly epoch: number;
  /** Indices of the samples in their set; empty if the source does not provide them. */
  readonly indices: readonly number[];
  /** Name of the last good checkpoint in its store, such as a folder's path; null if there is none. */
  readonly lastCheckpoint: string | null;
}

/** A batch cannot be trained on, for example because a label is out of range. It has changed no weights. */
export class BatchError extends OpenSetError implements FailureDetails {
  /** Name of the class: `BatchError` or `NonFiniteError`. */
  override readonly name: string = 'BatchError';
  readonly step: number;
  readonly epoch: number;
  readonly indices: readonly number[];
  readonly lastCheckpoint: string | null;

  constructor(message: string, details: FailureDetails, options?: ErrorOptions) {
    const { step, epoch, indices, lastCheckpoint } = details;
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

/** Loss, embeddings or gradients of a batch are NaN or infinite: the network diverged, or its input is damaged. */
export class NonFiniteError extends BatchError {
  override readonly name = 'NonFiniteError';
}

/** A checkpoint cannot be written, or no existing one can be read. */
export class CheckpointError extends OpenSetError {
  override readonly name = 'CheckpointError';
  /** Name of the last good checkpoint in its store; null if there is none. */
  readonly lastCheckpoint: string | null;

  constructor(message: string, lastCheckpoint: string | null, options?: OpenSetErrorOptions) {
    super(message, options);
    this.lastCheckpoint = lastCheckpoint;
  }
}

/** Returns a sentence that names the last good checkpoint. */
export function resumeHint(lastCheckpoint: string | null): string {
  return lastCheckpoint === null
    ? 'No checkpoint has been saved yet.'
    : `The last good checkpoint is ${lastCheckpoint}.`;
}

function abbreviate(indices: readonly number[]): string {
  const shown = indices.slice(0, 8).join(', ');
  return indices.length > 8 ? `${shown}, … (${indices.length} in total)` : shown;
}
